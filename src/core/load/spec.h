#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/error.h"

namespace hitless::load {

enum class Mode { kKeepAlive, kNewConnection };
enum class Arrivals { kConstant, kPoisson };

/// What load to make: the URL and how to ask for it.
struct LoadSpec {
  std::string url;
  std::string host;  ///< Name or address, without brackets.
  std::uint16_t port = 80;
  std::string target = "/";  ///< Path and query.
  double rate = 500;         ///< Requests per second.
  Mode mode = Mode::kKeepAlive;
  Arrivals arrivals = Arrivals::kConstant;
  std::string method = "GET";
  std::optional<nanoseconds> duration;  ///< Without duration and count: until told to stop.
  std::optional<std::uint64_t> count;
  nanoseconds timeout = seconds{5};  ///< Of one attempt, from its start to the response's end.
  std::size_t connections = 32;      ///< Kept alive; more are opened while all are busy.
  std::size_t maxOutstanding = 10000;
  bool retryIdleClose = true;
  bool operator==(const LoadSpec&) const = default;
};

std::string_view name(Mode mode);
std::string_view name(Arrivals arrivals);

/// One word of a load's text, "rate=500", and one flag of `hitless load`, "--rate 500".
struct Setting {
  const char* name;
  const char* expects;  ///< "a number of requests per second"
  const char* help;
  bool (*set)(LoadSpec& spec, std::string_view value);  ///< False if the value does not fit.
};

std::span<const Setting> settings();

/// Sets one setting; the error names it, what it expects, and the nearest name if there is none.
Status set(LoadSpec& spec, std::string_view name, std::string_view value);

/// Sets url, host, port and target. Only http is spoken.
Status setUrl(LoadSpec& spec, std::string_view url);

/// "URL [NAME=VALUE | keepalive | new]...", for example
/// "http://web.default:80/ rate=500 keepalive".
Result<LoadSpec> parseLoadSpec(std::string_view text);

/// The bytes of one request. Host keeps the URL's name, with the port unless it is 80.
std::string requestBytes(const LoadSpec& spec);

}  // namespace hitless::load
