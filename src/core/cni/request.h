#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"
#include "core/kube/json.h"
#include "tl/expected.hpp"

/// The Container Network Interface (containernetworking/cni, SPEC.md) as a plugin sees it that is
/// called after others: what it is asked for, and what it answers.
namespace hitless::cni {

/// The versions of the specification that are spoken, oldest first.
inline constexpr std::string_view kVersions[] = {"0.3.1", "0.4.0", "1.0.0", "1.1.0"};

/// The error codes of the specification.
enum class Code : int {
  kIncompatibleVersion = 1,
  kUnsupportedField = 2,
  kInvalidEnvironment = 4,
  kIo = 5,
  kDecoding = 6,
  kInvalidConfig = 7,
  kTryAgainLater = 11,
  kNotAvailable = 50,  ///< Of STATUS: ADD would fail.
};

struct CniError {
  Code code = Code::kIo;
  std::string message;
  std::string details;  ///< What to do; may be empty.
};
template <class T>
using CniResult = tl::expected<T, CniError>;

enum class Operation { kAdd, kDel, kCheck, kGc, kStatus, kVersion };

/// CNI_… variables by name.
using Environment = std::map<std::string, std::string, std::less<>>;

struct Request {
  Operation operation = Operation::kVersion;
  std::string version;  ///< cniVersion of the configuration.
  std::string network;  ///< Its name.
  std::string containerId;
  // Of CNI_ARGS; of DEL they may be missing:
  std::string podNamespace;
  std::string podName;
  std::string podUid;  ///< Empty: the runtime does not tell.
  /// prevResult, and the addresses in it that are the container's.
  std::optional<kube::json::object> previous;
  std::vector<IpAddress> addresses;
  /// Of GC: the containers that there are.
  std::set<std::string> validContainers;
  // Our own keys of the configuration:
  std::string socket = "/run/hitless/agent.sock";  ///< "agentSocket"
  nanoseconds timeout = seconds(30);               ///< "timeout", as "30s"
};

/// What the variables and the configuration on standard input ask for.
CniResult<Request> requestOf(const Environment& environment, std::string_view config);

/// cniVersion of a configuration that may be wrong otherwise; the newest if it has none. For
/// errors.
std::string versionOf(std::string_view config);

}  // namespace hitless::cni
