#include "core/policy/explain.h"

#include <fmt/format.h>

#include "base/text.h"

namespace hitless::policy {
namespace {

namespace json = kube::json;

std::string textOf(const Peer& peer) {
  if (const auto* block = std::get_if<IpBlock>(&peer)) {
    std::vector<std::string> except;
    for (const Cidr& network : block->except) {
      except.push_back(network.text());
    }
    return block->cidr.text() + (except.empty() ? "" : " except " + join(except, ", "));
  }
  const auto& selector = std::get<PodSelector>(peer);
  const std::string pods = selector.pods.matchesAll() ? "all pods" : "pods " + selector.pods.text();
  if (!selector.ns.empty()) {
    return fmt::format("{} of namespace {}", pods, selector.ns);
  }
  return pods + (selector.namespaces.matchesAll()
                     ? " of all namespaces"
                     : fmt::format(" of namespaces {}", selector.namespaces.text()));
}

std::string textOf(const PortMatch& match) {
  const std::string_view protocol = service::name(match.protocol);
  if (const auto* range = std::get_if<PortRange>(&match.port)) {
    return range->first == range->last
               ? fmt::format("{}/{}", range->first, protocol)
               : fmt::format("{}-{}/{}", range->first, range->last, protocol);
  }
  if (const auto* name = std::get_if<PortName>(&match.port)) {
    return fmt::format("{}/{}", name->name, protocol);
  }
  return fmt::format("all of {}", protocol);
}

template <class Item>
std::string listText(const std::optional<std::vector<Item>>& items, std::string_view any) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; items && i < items->size(); ++i) {
    texts.push_back(textOf((*items)[i]));
  }
  return !items ? std::string(any) : texts.empty() ? "none" : join(texts, " or ");
}

std::string textOf(Direction direction, const Rule& rule) {
  return fmt::format("{} {}, ports {}", direction == Direction::kIngress ? "from" : "to",
                     listText(rule.peers, "anywhere"), listText(rule.ports, "all"));
}

std::string namesOf(const std::vector<const Policy*>& policies) {
  std::vector<std::string> names;
  for (const Policy* policy : policies) {
    names.push_back(policy->text());
  }
  return join(names, ", ");
}

std::string ruleName(const Judgement& judgement) {
  return fmt::format("{} rule {}", judgement.by->text(), judgement.rule + 1);
}

std::string reasonText(Direction direction, const Judgement& judgement) {
  switch (judgement.reason) {
    case Reason::kNoPod:
      return "policies are only about pods with an address of their own";
    case Reason::kNotIsolated:
      return fmt::format("no policy selects it for {}", name(direction));
    case Reason::kRule:
      return ruleName(judgement) + " allows it";
    case Reason::kNoRule:
      return fmt::format("no rule of {} allows it", namesOf(judgement.policies));
    case Reason::kSelf:
      return "a pod always reaches itself";
    case Reason::kOwnNode:
      return "a pod and its own node always reach each other";
  }
  return {};
}

json::object jsonOf(Direction direction, const Judgement& judgement) {
  json::array policies;
  for (const Policy* policy : judgement.policies) {
    policies.emplace_back(policy->text());
  }
  json::object out{{"allowed", judgement.allowed()},
                   {"reason", reasonText(direction, judgement)},
                   {"policies", std::move(policies)}};
  if (judgement.by != nullptr) {
    out["by"] = ruleName(judgement);
  }
  return out;
}

std::string endText(const End& end) {
  const std::string address = end.address ? end.address->text() : "no address yet";
  if (end.pod == nullptr) {
    return address;
  }
  return fmt::format("{} ({}{})", end.pod->text(), address,
                     end.pod->hostNetwork ? ", its node's" : "");
}

std::string headText(const Answer& answer) {
  const auto& [probe, connection, verdict] = answer;
  return fmt::format("{} -> {} {}/{}: {}", endText(connection.from), endText(connection.to),
                     connection.port, service::name(probe.protocol),
                     verdict.allowed() ? "allowed" : "denied");
}

const Judgement& sideOf(const Answer& answer, Direction direction) {
  return direction == Direction::kIngress ? answer.verdict.ingress : answer.verdict.egress;
}

std::string missText(const RuleMatch& match) {
  return match.peer ? "another port" : match.port ? "another peer" : "another peer and port";
}

std::string sideText(const Evaluator& evaluator, Direction direction, const Answer& answer) {
  const Judgement& judgement = sideOf(answer, direction);
  const End& end = direction == Direction::kIngress ? answer.connection.to : answer.connection.from;
  std::string text =
      fmt::format("  {} of {}: {}, {}\n", name(direction),
                  end.pod == nullptr ? end.address->text() : end.pod->text(),
                  judgement.allowed() ? "allowed" : "denied", reasonText(direction, judgement));
  for (const Policy* policy : judgement.policies) {
    const Rules& rules = *policy->rules(direction);
    text += fmt::format("    {} selects {}{}\n", policy->text(),
                        policy->pods.matchesAll() ? "all pods" : policy->pods.text(),
                        rules.empty() ? ", and has no rule" : "");
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const RuleMatch match = evaluator.match(direction, rules[i], answer.connection);
      text += fmt::format("      {} rule {}: {}{}\n", match.both() ? "+" : "-", i + 1,
                          textOf(direction, rules[i]),
                          match.both() ? "" : fmt::format(" ({})", missText(match)));
    }
  }
  return text;
}

}  // namespace

Result<Answer> answer(const Evaluator& evaluator, const Probe& probe, std::string_view ns) {
  const Connection connection = TRY(connectionOf(evaluator, probe, ns));
  return Answer{probe, connection, evaluator.evaluate(connection)};
}

json::object jsonOf(const Answer& answer) {
  const auto& [probe, connection, verdict] = answer;
  const auto number = parseInt(probe.port);
  json::object out{{"from", probe.from},
                   {"to", probe.to},
                   {"port", number ? json::value(*number) : json::value(probe.port)},
                   {"protocol", service::name(probe.protocol)},
                   {"allowed", verdict.allowed()},
                   {"egress", jsonOf(Direction::kEgress, verdict.egress)},
                   {"ingress", jsonOf(Direction::kIngress, verdict.ingress)}};
  if (!number) {
    out["portNumber"] = connection.port;
  }
  if (connection.from.address) {
    out["fromAddress"] = connection.from.address->text();
  }
  if (connection.to.address) {
    out["toAddress"] = connection.to.address->text();
  }
  return out;
}

std::string lineOf(const Answer& answer) {
  std::vector<std::string> denied;
  for (const Direction direction : {Direction::kEgress, Direction::kIngress}) {
    const Judgement& side = sideOf(answer, direction);
    if (!side.allowed()) {
      denied.push_back(fmt::format("{}: {}", name(direction), reasonText(direction, side)));
    }
  }
  return fmt::format("{}{}{}\n", headText(answer), denied.empty() ? "" : ", ", join(denied, "; "));
}

std::string textOf(const Evaluator& evaluator, const Answer& answer) {
  return fmt::format("{}\n{}{}", headText(answer), sideText(evaluator, Direction::kEgress, answer),
                     sideText(evaluator, Direction::kIngress, answer));
}

}  // namespace hitless::policy
