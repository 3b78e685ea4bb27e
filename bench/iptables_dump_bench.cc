// A dump of the incident's size: read, its repetitions counted, and one packet followed through it.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>

#include "core/iptables/duplicates.h"
#include "core/iptables/walk.h"

namespace {

using namespace hitless;
using SteadyClock = std::chrono::steady_clock;

constexpr int kRules = 1'055'488;
constexpr int kRounds = 5;

/// kube-router's own three, again and again.
constexpr std::array<const char*, 3> kShapes = {
    "-A KUBE-ROUTER-INPUT -d 10.43.0.0/16 -m comment --comment \"allow traffic to "
    "primary/secondary cluster IP range - TZZOAXOCHPHEHX7M\" -j RETURN\n",
    "-A KUBE-ROUTER-INPUT -p tcp -m comment --comment \"allow LOCAL TCP traffic to node ports - "
    "LR7XO7NXDBGQJD2M\" -m addrtype --dst-type LOCAL -m multiport --dports 30000:32767 -j RETURN\n",
    "-A KUBE-ROUTER-INPUT -p udp -m comment --comment \"allow LOCAL UDP traffic to node ports - "
    "76UCBPIZNGJNWNUZ\" -m addrtype --dst-type LOCAL -m multiport --dports 30000:32767 -j "
    "RETURN\n"};

std::string incident() {
  std::string text =
      "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
      ":KUBE-ROUTER-INPUT - [0:0]\n-A INPUT -j KUBE-ROUTER-INPUT\n";
  for (int i = 0; i < kRules; ++i) {
    text += kShapes[static_cast<std::size_t>(i) % kShapes.size()];
  }
  return text + "COMMIT\n";
}

iptables::Packet toTheNode() {
  iptables::Packet packet;
  packet.source = IpAddress::v4(0x0a010101);
  packet.destination = IpAddress::v4(0xc0000201);
  packet.destinationPort = 22;
  packet.own = {{packet.destination}};
  return packet;
}

double milliseconds(SteadyClock::time_point start) {
  return std::chrono::duration<double, std::milli>(SteadyClock::now() - start).count();
}

struct Times {
  std::vector<double> read;
  std::vector<double> count;
  std::vector<double> walk;
};

Status measure(const std::string& text, Times& times) {
  std::string copy = text;
  auto start = SteadyClock::now();
  const iptables::Dump dump = TRY(iptables::parseDump(std::move(copy)));
  times.read.push_back(milliseconds(start));
  start = SteadyClock::now();
  const iptables::Duplicates found = iptables::findDuplicates(dump);
  times.count.push_back(milliseconds(start));
  start = SteadyClock::now();
  const iptables::WalkResult walked = TRY(iptables::walk({{"legacy", &dump}}, toTheNode()));
  times.walk.push_back(milliseconds(start));
  if (found.mayGo != kRules - 3 || walked.rules != kRules + 1) {
    return fail(ErrorKind::kInternal, "the dump was not counted as it was made");
  }
  return {};
}

std::string row(const char* metric, std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return fmt::format(
      R"({{"case":"1,055,488 rules, 177 MB","metric":"{} p50","value":{:.1f},"unit":"ms","peer":{{}}}})",
      metric, times[times.size() / 2]);
}

}  // namespace

int main() {
  const std::string text = incident();
  Times times;
  for (int round = 0; round < kRounds; ++round) {
    if (const auto status = measure(text, times); !status) {
      fmt::print(stderr, "{}\n", status.error().text());
      return 1;
    }
  }
  fmt::print("[{},{},{}]\n", row("parse", times.read), row("count repetitions", times.count),
             row("walk one packet", times.walk));
  return 0;
}
