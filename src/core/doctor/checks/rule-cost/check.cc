#include "core/doctor/checks/rule-cost/check.h"

#include <fmt/format.h>

#include "core/doctor/evidence_names.h"
#include "core/doctor/proc_tables.h"
#include "core/doctor/round_trip.h"

namespace hitless::doctor {
namespace {

constexpr Want kWants[] = {{names::kRoundTrip, false}};

constexpr nanoseconds kWarn = std::chrono::microseconds(100);
constexpr nanoseconds kCritical = std::chrono::milliseconds(1);
/// What one rule costs one packet, in ns: legacy from 25 where the source address decides, from 75
/// with kube-router's matches; nftables up to 220.
constexpr std::int64_t kLeastPerRule = 25;
constexpr std::int64_t kMostPerRule = 220;

std::string timeText(nanoseconds time) {
  const double us = static_cast<double>(time.count()) / 1000;
  return us < 1000 ? fmt::format("{:.1f} us", us) : fmt::format("{:.1f} ms", us / 1000);
}

std::vector<Finding> run(const Evidence& evidence) {
  const std::string* text = evidence.find(names::kRoundTrip);
  const auto trip = text == nullptr ? Result<RoundTrip>() : parseRoundTrip(*text);
  if (!trip || trip->trips == 0 || trip->addedPerPacket() < kWarn) {
    return {};
  }
  const nanoseconds added = trip->addedPerPacket();
  Finding finding;
  finding.severity = added >= kCritical ? Severity::kCritical : Severity::kWarning;
  finding.subject = "rules of INPUT and OUTPUT";
  finding.summary = fmt::format("this node's rules add {} to every packet", timeText(added));
  finding.evidence = {
      fmt::format("a datagram to this node and back takes {}; in an empty network namespace {} "
                  "(medians of {})",
                  timeText(trip->here), timeText(trip->empty), trip->trips),
      fmt::format("that is what {} to {} rules cost",
                  grouped(static_cast<std::uint64_t>(added.count() / kMostPerRule)),
                  grouped(static_cast<std::uint64_t>(added.count() / kLeastPerRule))),
      fmt::format("the first one took {}", timeText(trip->first))};
  finding.consequence = fmt::format(
      "one CPU passes no more than {:.0f} packets a second to this node's own sockets; probes of "
      "the kubelet, DNS and the API server feel it first",
      1e9 / static_cast<double>(added.count()));
  finding.remedy =
      "see the findings on rules: duplicates and orphan chains explain such numbers; without any, "
      "look for tracing (bpf, nft monitor trace) and very large chains of the user's own";
  return {finding};
}

}  // namespace

const Check kRuleCost = {
    "rule-cost",
    "Rules make every packet slow",
    {
        "Every packet walks the rules of its hooks one after the other: 25 to 220 ns a rule. A "
        "million duplicates of kube-router's make 0.1 to 0.2 s of it.",
        "Up to 48 datagrams over the loopback interface to this node itself and back, at most 50 "
        "ms, and the same in an empty network namespace made for this; the medians are compared. A "
        "warning from 100 us added to a packet, critical from 1 ms. Rules that accept the loopback "
        "interface first hide those behind them.",
        "Everything on the node is slow, and one CPU is busy with soft interrupts.",
        "Nothing by itself: the checks on rules name the rules and take them out.",
    },
    kWants,
    run,
};

}  // namespace hitless::doctor
