#pragma once

#include <gtest/gtest.h>
#include <linux/netfilter/nf_conntrack_common.h>

#include <string>
#include <utility>
#include <vector>

#include "core/nft/walk.h"

/// Small rulesets to send packets through.
namespace hitless::nft::walking {

inline constexpr std::uint8_t kTcp = 6;
inline constexpr std::uint8_t kUdp = 17;
inline constexpr Register kReg{0};

inline IpAddress ip(const char* text) {
  return *IpAddress::parse(text);
}
/// The bytes alone, as comparisons have them.
inline Datum raw(std::vector<std::uint8_t> bytes) {
  return Datum(bytes);
}
inline Act act(VerdictKind kind, std::string chain = {}) {
  return {{kind, std::move(chain)}};
}
inline Act accept() {
  return act(VerdictKind::kAccept);
}
inline Act drop() {
  return act(VerdictKind::kDrop);
}
inline Act jump(std::string chain) {
  return act(VerdictKind::kJump, std::move(chain));
}
inline Act gotoChain(std::string chain) {
  return act(VerdictKind::kGoto, std::move(chain));
}
inline Act returns() {
  return act(VerdictKind::kReturn);
}
/// A rule that every packet matches and that is seen in the steps.
inline Rule marker(std::string comment) {
  return {{}, std::move(comment)};
}
inline Lookup in(std::string set, Lookup::Result result = Lookup::Result::kMatch) {
  return {std::move(set), kReg, result, kReg};
}

/// From 10.0.0.1:40000 to 10.0.0.2:80.
inline WalkPacket packet() {
  return opening(kTcp, ip("10.0.0.1"), 40000, ip("10.0.0.2"), 80);
}
inline WalkPacket packetV6() {
  return opening(kTcp, ip("fd00::1"), 40000, ip("fd00::2"), 80);
}

class Rules {
 public:
  Rules() { ruleset_.table = TableSpec{"t", ""}; }
  Rules& base(std::string name, std::vector<Rule> rules, Hook hook = {}) {
    ruleset_.addChain({std::move(name), hook, ""}).rules = std::move(rules);
    return *this;
  }
  Rules& chain(std::string name, std::vector<Rule> rules) {
    ruleset_.addChain({std::move(name), std::nullopt, ""}).rules = std::move(rules);
    return *this;
  }
  Rules& set(SetSpec spec, Elements elements) {
    ruleset_.addSet(std::move(spec)).elements = std::move(elements);
    return *this;
  }

  Result<WalkOutcome> tryWalk(const WalkPacket& packet) const {
    return walk(ruleset_, HookPoint::kForward, packet);
  }
  WalkOutcome run(const WalkPacket& packet) const {
    auto outcome = tryWalk(packet);
    EXPECT_TRUE(outcome) << outcome.error().text();
    return outcome ? std::move(*outcome) : WalkOutcome{};
  }
  /// "chain rule" of each step.
  std::vector<std::string> path(const WalkPacket& packet) const {
    std::vector<std::string> out;
    for (const WalkStep& step : run(packet).steps) {
      out.push_back(step.chain + " " + std::to_string(step.rule));
    }
    return out;
  }
  const Ruleset& ruleset() const { return ruleset_; }

 private:
  Ruleset ruleset_;
};

/// Whether a rule of these expressions matches the packet.
inline bool matches(std::vector<Expr> exprs, const WalkPacket& packet) {
  return Rules().base("c", {{std::move(exprs), ""}}).run(packet).steps.size() == 1;
}
inline bool equals(Expr load, Datum value, const WalkPacket& packet) {
  const bool equal = matches({load, Cmp{CmpOp::kEqual, kReg, value}}, packet);
  const bool differs = matches({load, Cmp{CmpOp::kNotEqual, kReg, value}}, packet);
  EXPECT_FALSE(equal && differs);
  return equal;
}

}  // namespace hitless::nft::walking
