#include "core/iptables/walk.h"

#include <deque>
#include <map>
#include <utility>

#include "core/iptables/chain_walker.h"

namespace hitless::iptables {

namespace {

constexpr std::uint64_t kMostComparisons = 100'000'000;

using TableNames = std::vector<std::string_view>;

/// By their priorities (linux/netfilter_ipv4.h): raw -300, mangle -150, nat -100 before routing
/// and 100 behind it, filter 0, security 50.
const TableNames& tablesAt(std::string_view hook) {
  static const std::map<std::string_view, TableNames> kTables = {
      {"PREROUTING", {"raw", "mangle", "nat"}},
      {"INPUT", {"mangle", "filter", "security", "nat"}},
      {"FORWARD", {"mangle", "filter", "security"}},
      {"OUTPUT", {"raw", "mangle", "nat", "filter", "security"}},
      {"POSTROUTING", {"mangle", "nat"}}};
  return kTables.at(hook);
}

class Walker {
 public:
  Walker(const std::vector<Source>& sources, Packet packet) {
    for (const Source& source : sources) {
      for (const Table& table : source.dump->tables) {
        tables_.emplace_back(source.name, table);
      }
    }
    packet.originalSource = packet.source;
    packet.originalDestination = packet.destination;
    packet.originalDestinationPort = packet.destinationPort;
    outGiven_ = packet.out.has_value();
    result_.packet = std::move(packet);
  }

  Result<WalkResult> walk() {
    TRY_VOID(result_.packet.localOrigin ? send() : receive());
    return std::move(result_);
  }

 private:
  /// Whether the packet goes to the node itself.
  bool stays() {
    if (result_.packet.destinationIsNode) {
      return true;
    }
    const Answer own = result_.packet.isOwn(result_.packet.destination);
    if (own == Answer::kMaybe) {
      result_.notes.push_back("whether " + result_.packet.destination.text() +
                              " is an address of this node is not known: taken as forwarded");
    }
    return own == Answer::kYes;
  }

  /// Again after each hook that may lead the packet elsewhere, unless `out` was given.
  void route() {
    Packet& packet = result_.packet;
    if (outGiven_) {
      return;
    }
    if (packet.localOrigin && packet.isOwn(packet.destination) == Answer::kYes) {
      packet.out = "lo";
    } else if (packet.route) {
      packet.out = packet.route(packet.destination);
    }
  }

  Status receive() {
    if (!TRY(hook("PREROUTING"))) {
      return {};
    }
    if (stays()) {
      result_.packet.out = "";
      TRY(hook("INPUT"));
      return {};
    }
    route();
    if (TRY(hook("FORWARD"))) {
      TRY(hook("POSTROUTING"));
    }
    return {};
  }

  Status send() {
    result_.packet.in = "";
    route();
    if (!TRY(hook("OUTPUT"))) {
      return {};
    }
    route();
    if (!TRY(hook("POSTROUTING")) || !stays()) {
      return {};
    }
    // Over loopback, where connection tracking knows the packet already and nat is not asked again.
    translated_ = true;
    result_.packet.in = "lo";
    result_.packet.out = "";
    if (TRY(hook("PREROUTING"))) {
      TRY(hook("INPUT"));
    }
    return {};
  }

  /// False: the packet goes no further.
  Result<bool> hook(std::string_view hook) {
    if (hook == "POSTROUTING") {
      result_.packet.in = "";
    }
    result_.hooks.push_back({std::string(hook), result_.packet});
    for (const std::string_view name : tablesAt(hook)) {
      // Connection tracking remembers what was decided for the connection's first packet.
      const bool first = result_.packet.state == ConnectionState::kNew && !translated_;
      bool set = false;
      for (WalkTable& table : tables_) {
        if (table.table->name != name || (name == "nat" && (!first || set))) {
          continue;
        }
        const Effect::Kind kind = TRY(through(table, hook));
        if (stops(kind)) {
          return false;
        }
        set = set || kind == Effect::Kind::kTranslate;
      }
    }
    return true;
  }

  Result<Effect::Kind> through(WalkTable& table, std::string_view hook) {
    const auto chain = table.chains.find(hook);
    if (chain == table.chains.end() || !chain->second->builtIn()) {
      return Effect::Kind::kAccept;
    }
    return ChainWalker(result_, budget_).run(table, hook, *chain->second);
  }

  bool stops(Effect::Kind kind) {
    using Verdict = WalkResult::Verdict;
    switch (kind) {
      case Effect::Kind::kDrop:
        result_.verdict = Verdict::kDrop;
        return true;
      case Effect::Kind::kReject:
        result_.verdict = Verdict::kReject;
        return true;
      case Effect::Kind::kSteal:
        result_.verdict = Verdict::kSteal;
        return true;
      default:
        return false;
    }
  }

  std::deque<WalkTable> tables_;
  WalkResult result_;
  std::uint64_t budget_ = kMostComparisons;
  bool translated_ = false;
  bool outGiven_ = false;
};

}  // namespace

Result<WalkResult> walk(const std::vector<Source>& sources, Packet packet) {
  return Walker(sources, std::move(packet)).walk();
}

std::string_view name(WalkResult::Verdict verdict) {
  switch (verdict) {
    case WalkResult::Verdict::kAccept:
      return "accept";
    case WalkResult::Verdict::kDrop:
      return "drop";
    case WalkResult::Verdict::kReject:
      return "reject";
    case WalkResult::Verdict::kSteal:
      break;
  }
  return "process";
}

}  // namespace hitless::iptables
