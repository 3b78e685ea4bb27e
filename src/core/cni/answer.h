#pragma once

#include <string>

#include "core/cni/request.h"

/// What goes to standard output.
namespace hitless::cni {

/// The result of those before us, unchanged, as `version` spells it.
std::string resultOf(const kube::json::object& previous, const std::string& version);
std::string versionsOf(const std::string& version);
std::string errorOf(const CniError& error, const std::string& version);

}  // namespace hitless::cni
