#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "core/proxy/message.h"
#include "core/proxy/route_table.h"
#include "core/proxy/routing/hosts.h"
#include "core/proxy/routing/pattern.h"

namespace hitless::proxy::routing {

/// What a request met; nullptr: nothing (404). Points into the Routes that gave it.
struct Match {
  const VirtualHost* host = nullptr;
  const RouteRule* rule = nullptr;
  const RequestMatch* match = nullptr;  ///< nullptr as well if the rule has none.
};

/// A listener in the form in which requests are matched: hostnames are hashed and regular
/// expressions compiled, once.
class Routes {
 public:
  explicit Routes(Listener listener);
  Routes(const Routes&) = delete;
  Routes& operator=(const Routes&) = delete;

  const Listener& listener() const { return listener_; }
  /// By authority or server name: exact before the longest wildcard before "*"; the port and the
  /// case of letters do not count. nullptr: none.
  const VirtualHost* host(std::string_view authority) const;
  /// The host's first rule that matches.
  Match match(const RequestHead& head) const;

 private:
  /// A condition on a header or a parameter.
  struct Condition {
    const ValueMatch* match;
    std::optional<Pattern> pattern;
  };
  /// One match of one rule.
  struct Candidate {
    const RouteRule* rule;
    const RequestMatch* match;  ///< nullptr: everything.
    /// Of a prefix without the slash at its end.
    std::string_view path;
    std::optional<Pattern> pattern;
    std::vector<Condition> headers;
    std::vector<Condition> query;
  };
  /// What of a request is looked at again and again.
  struct Subject;

  static Candidate candidateOf(const RouteRule& rule, const RequestMatch* match);
  static std::vector<Condition> conditionsOf(const std::vector<ValueMatch>& matches);
  static bool fits(const Candidate& candidate, const Subject& subject);
  static bool pathFits(const Candidate& candidate, std::string_view path);

  Listener listener_;
  HostTable hosts_;
  std::vector<std::vector<Candidate>> candidates_;  ///< Of each host, in order of precedence.
};

/// Which backend a request goes to, by weight; nullptr if there is none with a weight, which is
/// answered 500 like one without a cluster. `random` is any number, evenly spread.
const WeightedCluster* backendFor(const RouteRule& rule, std::uint64_t random);

}  // namespace hitless::proxy::routing
