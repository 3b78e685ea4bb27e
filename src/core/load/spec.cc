#include "core/load/spec.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

#include "base/text.h"

namespace hitless::load {
namespace {

constexpr double kMaxRate = 1e6;

std::optional<double> parseNumber(std::string_view text) {
  double value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || rest != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

bool setRate(LoadSpec& spec, std::string_view value) {
  if (value.ends_with("/s")) {
    value.remove_suffix(2);
  }
  const auto rate = parseNumber(value);
  spec.rate = rate.value_or(0);
  return rate && *rate > 0 && *rate <= kMaxRate;
}

bool setMode(LoadSpec& spec, std::string_view value) {
  spec.mode = value == "new" ? Mode::kNewConnection : Mode::kKeepAlive;
  return value == name(spec.mode);
}

bool setArrivals(LoadSpec& spec, std::string_view value) {
  spec.arrivals = value == "poisson" ? Arrivals::kPoisson : Arrivals::kConstant;
  return value == name(spec.arrivals);
}

bool setDuration(LoadSpec& spec, std::string_view value) {
  spec.duration = parseDuration(value);
  return spec.duration && spec.duration->count() > 0;
}

bool setTimeout(LoadSpec& spec, std::string_view value) {
  const auto timeout = parseDuration(value);
  spec.timeout = timeout.value_or(nanoseconds{0});
  return spec.timeout.count() > 0;
}

bool setCount(LoadSpec& spec, std::string_view value) {
  spec.count = parseUint(value);
  return spec.count && *spec.count > 0;
}

bool setSize(std::size_t& target, std::string_view value) {
  const auto size = parseUint(value);
  target = size.value_or(0);
  return target > 0 && target <= 1'000'000;
}

bool setBody(LoadSpec& spec, std::string_view value) {
  const auto size = parseUint(value);
  spec.body = size.value_or(0);
  return size && *size <= 1'000'000;
}

bool setMethod(LoadSpec& spec, std::string_view value) {
  spec.method = value;
  return !value.empty() &&
         std::all_of(value.begin(), value.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool setBalancing(LoadSpec& spec, std::string_view value) {
  spec.balancing = value == "round_robin" ? Balancing::kRoundRobin : Balancing::kPickFirst;
  return value == name(spec.balancing);
}

/// "system", "dns", or one host's address.
bool setResolve(LoadSpec& spec, std::string_view value) {
  const std::size_t equals = value.find('=');
  if (equals == std::string_view::npos) {
    spec.resolution = value == "dns" ? Resolution::kDns : Resolution::kSystem;
    return value == name(spec.resolution);
  }
  const auto address = IpAddress::parse(value.substr(equals + 1));
  if (!address || equals == 0) {
    return false;
  }
  spec.names[std::string(value.substr(0, equals))] = *address;
  return true;
}

bool setNameserver(LoadSpec& spec, std::string_view value) {
  spec.nameserver = IpAddress::parse(value);
  return spec.nameserver.has_value();
}

bool setConnectTimeout(LoadSpec& spec, std::string_view value) {
  const auto timeout = parseDuration(value);
  spec.connectTimeout = timeout.value_or(nanoseconds{0});
  return spec.connectTimeout.count() > 0;
}

bool setMessage(LoadSpec& spec, std::string_view value) {
  spec.message = value;
  return true;
}

bool setOnOff(bool& target, std::string_view value) {
  target = value == "on";
  return value == "on" || value == "off";
}

constexpr Setting kSettings[] = {
    {"rate", "a number of requests per second, up to 1000000", "requests per second (500)",
     setRate},
    {"mode", "keepalive or new",
     "keep connections alive, or open a new one for each request (keepalive)", setMode},
    {"arrivals", "constant or poisson", "how the send times are spread (constant)", setArrivals},
    {"duration", "a duration like 30s or 1m", "how long to send", setDuration},
    {"count", "a number of requests", "how many requests to send", setCount},
    {"timeout", "a duration like 5s", "time for one attempt, connecting included (5s; grpc 20s)",
     setTimeout},
    {"method", "an upper-case HTTP method", "the request's method (GET)", setMethod},
    {"body", "a number of bytes up to 1000000", "http and h2c: the size of each request's body (0)",
     setBody},
    {"connections", "a number from 1 to 1000000",
     "http: connections kept alive; more are opened while all are busy (32); h2c and grpc: "
     "clients with channels of their own (1)",
     [](LoadSpec& spec, std::string_view value) { return setSize(spec.connections, value); }},
    {"max-outstanding", "a number from 1 to 1000000",
     "requests in flight at most; later ones wait, and the result says so (10000)",
     [](LoadSpec& spec, std::string_view value) { return setSize(spec.maxOutstanding, value); }},
    {"retry-idle-close", "on or off",
     "retry once where a kept-alive connection was closed while idle, RFC 9112 9.3.1 (on)",
     [](LoadSpec& spec, std::string_view value) { return setOnOff(spec.retryIdleClose, value); }},
    {"lb", "pick_first or round_robin", "grpc: how a channel uses its addresses (pick_first)",
     setBalancing},
    {"resolve", "system, dns, or NAME=ADDRESS",
     "ask the system once (http), ask the name server as such a client would (h2c, grpc), or take "
     "this address for this host (repeatable)",
     setResolve},
    {"nameserver", "an IP address", "with resolve=dns: whom to ask (as /etc/resolv.conf says)",
     setNameserver},
    {"connect-timeout", "a duration like 20s",
     "h2c and grpc: time for one attempt to connect (20s)", setConnectTimeout},
    {"message", "text", "grpc: the request message of each RPC (empty)", setMessage},
};

std::vector<std::string> settingNames() {
  std::vector<std::string> names;
  for (const Setting& setting : kSettings) {
    names.emplace_back(setting.name);
  }
  return names;
}

tl::unexpected<Error> unknown(std::string_view what, std::string_view word) {
  const std::vector<std::string> names = settingNames();
  std::vector<std::string> all = names;
  all.insert(all.end(), {"keepalive", "new"});
  const auto meant = nearest(word, all);
  return invalid(
      fmt::format("unknown {} \"{}\" in a load", what, word),
      meant ? fmt::format("did you mean \"{}\"?", *meant)
            : "words are keepalive, new, and NAME=VALUE with NAME one of " + join(names, ", "));
}

Status applyWord(LoadSpec& spec, std::string_view word) {
  const std::size_t equals = word.find('=');
  if (equals != std::string_view::npos) {
    return set(spec, word.substr(0, equals), word.substr(equals + 1));
  }
  return setMode(spec, word) ? Status{} : unknown("word", word);
}

}  // namespace

std::string HostPort::text() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

std::vector<HostPort> hostsOf(const LoadSpec& spec) {
  std::vector<HostPort> hosts{{spec.host, spec.port}};
  hosts.insert(hosts.end(), spec.fallbacks.begin(), spec.fallbacks.end());
  return hosts;
}

bool asksNameServer(const LoadSpec& spec, const std::string& host) {
  return spec.resolution == Resolution::kDns && !IpAddress::parse(host) &&
         spec.names.count(host) == 0;
}

std::string_view name(Protocol protocol) {
  switch (protocol) {
    case Protocol::kHttp1:
      return "http/1.1";
    case Protocol::kHttp2:
      return "h2c";
    case Protocol::kGrpc:
      return "grpc";
  }
  return "";
}
std::string_view name(Mode mode) {
  return mode == Mode::kKeepAlive ? "keepalive" : "new";
}
std::string_view name(Arrivals arrivals) {
  return arrivals == Arrivals::kConstant ? "constant" : "poisson";
}

std::string_view name(Balancing balancing) {
  return balancing == Balancing::kPickFirst ? "pick_first" : "round_robin";
}
std::string_view name(Resolution resolution) {
  return resolution == Resolution::kSystem ? "system" : "dns";
}

std::span<const Setting> settings() {
  return kSettings;
}

Status set(LoadSpec& spec, std::string_view name, std::string_view value) {
  for (const Setting& setting : kSettings) {
    if (name != setting.name) {
      continue;
    }
    if (!setting.set(spec, value)) {
      return invalid(fmt::format("{} is \"{}\", not {}", name, value, setting.expects));
    }
    return {};
  }
  return unknown("setting", name);
}

Result<LoadSpec> parseLoadSpec(std::string_view text) {
  LoadSpec spec;
  bool first = true;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t start = text.find_first_not_of(" \t\n", at);
    if (start == std::string_view::npos) {
      break;
    }
    at = std::min(text.find_first_of(" \t\n", start), text.size());
    const std::string_view word = text.substr(start, at - start);
    TRY_VOID(first ? setUrl(spec, word) : applyWord(spec, word));
    first = false;
  }
  if (first) {
    return invalid("the load is empty",
                   "write it like 'http://web.default:80/ rate=500 keepalive'");
  }
  TRY_VOID(validate(spec));
  return spec;
}

Status validate(const LoadSpec& spec) {
  if (spec.protocol == Protocol::kHttp1) {
    return {};
  }
  if (spec.mode == Mode::kNewConnection) {
    return invalid(fmt::format("a load by {} keeps its connections", name(spec.protocol)),
                   "leave out \"new\", or use http://");
  }
  if (spec.protocol == Protocol::kGrpc && spec.method != "POST") {
    return invalid("an RPC is a POST", "leave out \"method\"");
  }
  return {};
}

std::string requestBytes(const LoadSpec& spec) {
  const std::string host =
      spec.host.find(':') == std::string::npos ? spec.host : "[" + spec.host + "]";
  const std::string port = spec.port == 80 ? "" : fmt::format(":{}", spec.port);
  const bool hasBody = spec.method == "POST" || spec.method == "PUT" || spec.method == "PATCH";
  const std::string length =
      hasBody || spec.body > 0 ? fmt::format("Content-Length: {}\r\n", spec.body) : std::string();
  return fmt::format(
             "{} {} HTTP/1.1\r\nHost: {}{}\r\nUser-Agent: hitless-load\r\nAccept: "
             "*/*\r\n{}{}\r\n",
             spec.method, spec.target, host, port, length,
             spec.mode == Mode::kNewConnection ? "Connection: close\r\n" : "")
      .append(spec.body, 'x');
}

}  // namespace hitless::load
