#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>

#include "base/text.h"
#include "core/policy/evaluate.h"
#include "testing/golden.h"

/// The verdicts of cyclonus' simulator, the largest table of NetworkPolicy verdicts that there is:
/// its cases are sets of policies over nine pods in three namespaces, probed from each to each.
namespace hitless::policy {
namespace {

namespace json = kube::json;

constexpr std::uint16_t kServed[] = {80, 81};
constexpr Protocol kProtocols[] = {Protocol::kTcp, Protocol::kUdp, Protocol::kSctp};

struct Wanted {
  std::uint16_t port;
  Protocol protocol;
};

/// Every pod serves these ports on every protocol, and names them so.
std::vector<NamedPort> servedPorts() {
  std::vector<NamedPort> out;
  for (const std::uint16_t port : kServed) {
    for (const Protocol protocol : kProtocols) {
      out.push_back(
          {fmt::format("serve-{}-{}", port, toLower(service::name(protocol))), protocol, port});
    }
  }
  return out;
}

Pod podOf(const json::object& object) {
  Pod pod;
  pod.ns = kube::text(object, {"ns"});
  pod.name = kube::text(object, {"name"});
  pod.labels = kube::labelsOf(kube::findObject(object, {"labels"}));
  pod.ips = {IpAddress::parse(kube::text(object, {"ip"})).value()};
  pod.ports = servedPorts();
  return pod;
}

State stateOf(const json::object& step) {
  State state;
  if (const json::array* policies = kube::findArray(step, {"Policies"})) {
    for (const json::value& policy : *policies) {
      state.policies.push_back(policyOf(policy.as_object()));
    }
  }
  for (const auto& ns : step.at("Namespaces").as_object()) {
    state.namespaces.emplace(ns.key(), kube::labelsOf(ns.value().if_object()));
  }
  for (const json::value& pod : step.at("Pods").as_array()) {
    state.pods.push_back(podOf(pod.as_object()));
  }
  return state;
}

std::vector<Wanted> probesOf(const json::object& step) {
  const json::object probe = kube::parseJson(kube::text(step, {"Probe"})).value().as_object();
  std::vector<Wanted> out;
  if (const json::object* one = kube::findObject(probe, {"PortProtocol"})) {
    const Protocol protocol = service::parseProtocol(kube::text(*one, {"Protocol"})).value();
    const json::value& port = one->at("Port");
    Pod pod;
    pod.ports = servedPorts();
    out.push_back({port.is_string() ? pod.portNamed(port.get_string(), protocol).value()
                                    : static_cast<std::uint16_t>(port.as_int64()),
                   protocol});
    return out;
  }
  for (const std::uint16_t port : kServed) {
    for (const Protocol protocol : kProtocols) {
      out.push_back({port, protocol});
    }
  }
  return out;
}

std::set<std::string> blockedOf(const json::object& step) {
  std::set<std::string> out;
  if (const json::array* blocked = kube::findArray(step, {"Blocked"})) {
    for (const json::value& line : *blocked) {
      out.emplace(line.as_string());
    }
  }
  return out;
}

/// As the recorded lists have it: "x/a>y/b:80/TCP IE", empty if it is allowed. The simulator does
/// not exempt what a pod sends to itself, so this asks the policies alone.
std::string blockedLine(const Evaluator& evaluator, const Connection& connection) {
  std::string sides;
  for (const Direction direction : {Direction::kIngress, Direction::kEgress}) {
    if (!evaluator.judge(direction, connection).allowed()) {
      sides += direction == Direction::kIngress ? "I" : "E";
    }
  }
  return sides.empty()
             ? sides
             : fmt::format("{}>{}:{}/{} {}", connection.from.pod->text(), connection.to.pod->text(),
                           connection.port, service::name(connection.protocol), sides);
}

struct Count {
  std::size_t verdicts = 0;
  std::size_t allowed = 0;
};

Count compareStep(const json::object& step) {
  const Evaluator evaluator(stateOf(step));
  std::set<std::string> blocked;
  Count count;
  for (const Pod& from : evaluator.state().pods) {
    for (const Pod& to : evaluator.state().pods) {
      for (const Wanted& wanted : probesOf(step)) {
        const Connection connection{
            {&from, from.ips.front()}, {&to, to.ips.front()}, wanted.protocol, wanted.port};
        const std::string line = blockedLine(evaluator, connection);
        const bool allowed = evaluator.evaluate(connection).allowed();
        EXPECT_EQ(allowed, line.empty() || &from == &to) << line;
        ++count.verdicts;
        count.allowed += line.empty() ? 1U : 0U;
        if (!line.empty()) {
          blocked.insert(line);
        }
      }
    }
  }
  EXPECT_EQ(blocked, blockedOf(step));
  return count;
}

TEST(Cyclonus, EveryVerdictIsTheSame) {
  const auto text = testing::golden("cyclonus-verdicts.json");
  if (!text) {
    GTEST_SKIP() << "no recorded verdicts";
  }
  const json::array cases = kube::parseJson(*text).value().as_array();
  Count total;
  for (const json::value& recorded : cases) {
    SCOPED_TRACE(std::string(kube::text(recorded.as_object(), {"Description"})));
    for (const json::value& step : recorded.at("Steps").as_array()) {
      const Count count = compareStep(step.as_object());
      total.verdicts += count.verdicts;
      total.allowed += count.allowed;
    }
  }
  EXPECT_EQ(total.verdicts, 123'669U);
  EXPECT_EQ(total.allowed, 101'247U);
}

}  // namespace
}  // namespace hitless::policy
