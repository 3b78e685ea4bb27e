#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/nft/ruleset.h"

/// The kernel's numbers for what encode.h and decode.h share.
namespace hitless::nft::wire {

/// nf_tables' subsystem in the upper byte.
std::uint16_t messageType(std::uint16_t message);

std::uint32_t hookNumber(HookPoint point);
std::optional<HookPoint> hookPoint(std::uint32_t number);
std::string_view hookTypeName(HookType type);
std::optional<HookType> hookType(std::string_view name);

/// nft's number of a concatenated type: six bits per field, the last field lowest.
std::uint32_t typeNumber(const std::vector<FieldType>& fields);
/// Empty if a field is none of ours.
std::vector<FieldType> fieldTypes(std::uint32_t number);

}  // namespace hitless::nft::wire
