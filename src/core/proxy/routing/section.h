#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "core/proxy/routing/objects.h"

/// Rules on their way into listeners.
namespace hitless::proxy::routing {

/// Where a rule stands among the others of its host; the smaller is asked first. As HTTPRoute's
/// documentation orders them: exact path, longest prefix, method, most headers, most parameters,
/// oldest route, name, order in the route. Regular expressions come between exact paths and
/// prefixes, where a rule for "/" does not hide them.
class Rank {
 public:
  Rank(const RequestMatch& match, const Meta& route, std::size_t rule, std::size_t nth);
  auto operator<=>(const Rank&) const = default;

 private:
  int kind_;
  std::int64_t length_;  ///< Negative, like what follows: more comes first.
  int method_;
  std::int64_t headers_;
  std::int64_t query_;
  WallTime created_;
  std::string route_;
  std::size_t rule_;
  std::size_t match_;
};

struct RankedRule {
  Rank rank;
  RouteRule rule;  ///< With one match.
};

/// What one listener of a Gateway, or all Ingresses, serve at one port. Requests that reach one
/// section are never answered by another one.
struct Section {
  std::string owner;  ///< "default/gateway"; "" for Ingresses.
  std::string name;   ///< "default/gateway/http"
  std::uint16_t port = 0;
  ListenerProtocol protocol = ListenerProtocol::kHttp;
  std::string hostname = "*";
  std::map<std::string, std::vector<RankedRule>> hosts;
  std::map<std::string, Certificate> certificates;  ///< By hostname.
};

/// One rule for each match, ranked. The rule has its backends already.
void addRule(std::vector<RankedRule>& rules, const RouteRule& rule, const Meta& route,
             std::size_t index);

/// One listener for each port, in the order of ports. Of sections of different protocols at one
/// port the first counts.
std::vector<Listener> listenersOf(std::vector<Section> sections);

}  // namespace hitless::proxy::routing
