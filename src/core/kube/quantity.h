#pragma once

#include <optional>
#include <string_view>

#include "core/kube/json.h"

namespace hitless::kube {

/// Whether the text is a resource.Quantity: a decimal number with at most one suffix
/// (n u m k M G T P E, Ki Mi Gi Ti Pi Ei, or an exponent such as e3).
bool isQuantity(std::string_view text);

/// The amount that a quantity (text or number) stands for; nullopt if it is none. Exact up to 2^64.
std::optional<long double> quantityValue(const json::value& value);

}  // namespace hitless::kube
