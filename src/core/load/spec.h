#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/ip.h"

namespace hitless::load {

/// The URL's scheme: http:// is HTTP/1.1, h2c:// is HTTP/2 with prior knowledge (RFC 9113 3.3).
enum class Protocol { kHttp1, kHttp2, kGrpc };
enum class Mode { kKeepAlive, kNewConnection };
enum class Arrivals { kConstant, kPoisson };
/// gRPC's load balancing policy within one channel.
enum class Balancing { kPickFirst, kRoundRobin };
/// Who turns a name into addresses: the system's resolver, once at the start; or our own queries to
/// the name server, each time that a client of this protocol would ask.
enum class Resolution { kSystem, kDns };

struct HostPort {
  std::string host;  ///< Name or address, without brackets.
  std::uint16_t port = 80;
  /// "web-0.web:8080", "[::1]:8080"
  std::string text() const;
  bool operator==(const HostPort&) const = default;
};

/// What load to make: the URL and how to ask for it.
struct LoadSpec {
  std::string url;
  Protocol protocol = Protocol::kHttp1;
  std::string host;  ///< Name or address, without brackets.
  std::uint16_t port = 80;
  /// gRPC: where an RPC is tried next, in this order, when the host before fails as UNAVAILABLE.
  std::vector<HostPort> fallbacks;
  std::string target = "/";  ///< Path and query; the method of an RPC.
  double rate = 500;         ///< Requests per second.
  Mode mode = Mode::kKeepAlive;
  Arrivals arrivals = Arrivals::kConstant;
  std::string method = "GET";
  std::size_t body = 0;  ///< Bytes of each request's body; gRPC has `message` instead.
  std::optional<nanoseconds> duration;  ///< Without duration and count: until told to stop.
  std::optional<std::uint64_t> count;
  nanoseconds timeout = seconds{5};  ///< Of one attempt, from its start to the response's end.
  /// HTTP/1.1: connections kept alive; more are opened while all are busy. HTTP/2 and gRPC: clients
  /// with channels of their own, which take turns.
  std::size_t connections = 32;
  std::size_t maxOutstanding = 10000;
  bool retryIdleClose = true;
  Balancing balancing = Balancing::kPickFirst;
  Resolution resolution = Resolution::kSystem;
  std::map<std::string, IpAddress> names;  ///< Hosts whose address is given; nobody is asked.
  std::optional<IpAddress> nameserver;     ///< Asked instead of those of /etc/resolv.conf.
  /// Of one attempt to connect, HTTP/2's SETTINGS included; only HTTP/2 and gRPC have it.
  nanoseconds connectTimeout = seconds{20};
  std::string message;  ///< The request message of each RPC, as it is sent.
  bool operator==(const LoadSpec&) const = default;
};

/// All hosts in the order in which they are tried.
std::vector<HostPort> hostsOf(const LoadSpec& spec);

/// Whether a name server is to be asked for this host's address.
bool asksNameServer(const LoadSpec& spec, const std::string& host);

std::string_view name(Protocol protocol);
std::string_view name(Mode mode);
std::string_view name(Arrivals arrivals);
std::string_view name(Balancing balancing);
std::string_view name(Resolution resolution);

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

/// Sets url, protocol, hosts, ports and target, and the defaults that depend on the protocol. To be
/// called before set().
Status setUrl(LoadSpec& spec, std::string_view url);

/// Whether the settings go together; the error names the one that does not fit.
Status validate(const LoadSpec& spec);

/// "URL [NAME=VALUE | keepalive | new]...", for example
/// "http://web.default:80/ rate=500 keepalive". The result is valid.
Result<LoadSpec> parseLoadSpec(std::string_view text);

/// The bytes of one request. Host keeps the URL's name, with the port unless it is 80.
std::string requestBytes(const LoadSpec& spec);

}  // namespace hitless::load
