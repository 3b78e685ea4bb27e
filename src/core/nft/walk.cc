#include "core/nft/walk.h"

#include <fmt/format.h>
#include <linux/netfilter/nf_conntrack_common.h>

#include <algorithm>

#include "core/nft/walk_machine.h"

namespace hitless::nft {
namespace {

/// NFT_JUMP_STACK_SIZE: the kernel takes no ruleset in which jumps and gotos nest deeper.
constexpr std::size_t kMaxDepth = 16;

/// A place in a chain, and how many jumps and gotos led there.
struct Place {
  const Chain* chain = nullptr;
  std::size_t rule = 0;
  std::size_t depth = 1;
};

/// How a base chain ends.
enum class End { kAccept, kDrop, kReject };

/// One base chain and what it leads to, as the kernel's nft_do_chain().
class ChainWalk {
 public:
  ChainWalk(const Ruleset& ruleset, WalkMachine& machine, WalkOutcome& outcome)
      : ruleset_(ruleset), machine_(machine), outcome_(outcome) {}

  Result<End> run(const Chain& base) {
    at_ = {&base, 0, 1};
    for (;;) {
      if (at_.rule >= at_.chain->rules.size()) {
        if (!back()) {
          return End::kAccept;
        }
        continue;
      }
      auto effect = runRule();
      if (!effect) {
        return tl::unexpected(std::move(effect).error().about(place()));
      }
      if (const auto end = TRY(follow(*effect))) {
        return *end;
      }
    }
  }

 private:
  /// Up to the first expression that does not just go on.
  Result<Effect> runRule() {
    machine_.beginRule();
    for (const Expr& expr : at_.chain->rules[at_.rule].exprs) {
      Effect effect = TRY(machine_.run(expr));
      if (!std::holds_alternative<std::monostate>(effect)) {
        return effect;
      }
    }
    return Effect{};
  }

  Result<std::optional<End>> follow(const Effect& effect) {
    if (!std::holds_alternative<NoMatch>(effect)) {
      record(effect);
    }
    if (const auto* reject = std::get_if<Reject>(&effect)) {
      outcome_.with = reject->with;
      return End::kReject;
    }
    const Verdict* verdict = verdictOf(effect);
    if (verdict == nullptr) {
      ++at_.rule;
      return std::nullopt;
    }
    switch (verdict->kind) {
      case VerdictKind::kAccept:
        return End::kAccept;
      case VerdictKind::kDrop:
        return End::kDrop;
      case VerdictKind::kReturn:
        return back() ? std::nullopt : std::optional(End::kAccept);
      case VerdictKind::kJump:
        callers_.push_back({at_.chain, at_.rule + 1, at_.depth});
        break;
      case VerdictKind::kGoto:
        break;
    }
    TRY_VOID(enter(verdict->chain));
    return std::nullopt;
  }

  Status enter(const std::string& name) {
    const auto it = ruleset_.chains.find(name);
    if (it == ruleset_.chains.end()) {
      return tl::unexpected(Error{ErrorKind::kInvalid,
                                  fmt::format("leads to chain {}, which does not exist", name),
                                  place(),
                                  {},
                                  0});
    }
    if (at_.depth == kMaxDepth) {
      return tl::unexpected(
          Error{ErrorKind::kInvalid,
                fmt::format("jumps nest deeper than {}, or form a loop", kMaxDepth),
                place(),
                {},
                0});
    }
    at_ = {&it->second, 0, at_.depth + 1};
    return {};
  }

  /// To behind the last jump; false if there was none.
  bool back() {
    if (callers_.empty()) {
      return false;
    }
    at_ = callers_.back();
    callers_.pop_back();
    return true;
  }

  void record(const Effect& effect) {
    const Verdict* verdict = verdictOf(effect);
    outcome_.steps.push_back({at_.chain->spec.name, at_.rule, at_.chain->rules[at_.rule].comment,
                              machine_.hits(),
                              verdict == nullptr ? std::nullopt : std::optional(*verdict)});
  }

  std::string place() const {
    const std::string& comment = at_.chain->rules[at_.rule].comment;
    return fmt::format("chain {}, rule {}{}", at_.chain->spec.name, at_.rule,
                       comment.empty() ? "" : fmt::format(" ({})", comment));
  }

  const Ruleset& ruleset_;
  WalkMachine& machine_;
  WalkOutcome& outcome_;
  Place at_;
  std::vector<Place> callers_;
};

/// Address translation only asks its chains about the first packet of a connection.
bool sees(const Chain& chain, const WalkPacket& packet) {
  return chain.spec.hook->type != HookType::kNat ||
         (packet.connection && packet.connection->state == NF_CT_STATE_BIT(IP_CT_NEW));
}

std::vector<const Chain*> baseChains(const Ruleset& ruleset, HookPoint hook) {
  std::vector<const Chain*> out;
  for (const auto& [name, chain] : ruleset.chains) {
    if (chain.spec.hook && chain.spec.hook->point == hook) {
      out.push_back(&chain);
    }
  }
  std::stable_sort(out.begin(), out.end(), [](const Chain* a, const Chain* b) {
    return a->spec.hook->priority < b->spec.hook->priority;
  });
  return out;
}

}  // namespace

WalkPacket opening(std::uint8_t protocol, const IpAddress& source, std::uint16_t sourcePort,
                   const IpAddress& destination, std::uint16_t destinationPort) {
  WalkPacket packet{.family = destination.family(),
                    .protocol = protocol,
                    .source = source,
                    .destination = destination,
                    .sourcePort = sourcePort,
                    .destinationPort = destinationPort};
  packet.connection = WalkConnection{.state = NF_CT_STATE_BIT(IP_CT_NEW),
                                     .originalSource = source,
                                     .originalDestination = destination,
                                     .originalDestinationPort = destinationPort,
                                     .replySource = destination,
                                     .replySourcePort = destinationPort};
  return packet;
}

Result<WalkOutcome> walk(const Ruleset& ruleset, HookPoint hook, const WalkPacket& packet) {
  WalkOutcome outcome;
  WalkMachine machine(ruleset, packet);
  for (const Chain* base : baseChains(ruleset, hook)) {
    if (!sees(*base, packet)) {
      continue;
    }
    const End end = TRY(ChainWalk(ruleset, machine, outcome).run(*base));
    if (end != End::kAccept) {
      outcome.kind = end == End::kDrop ? WalkOutcome::Kind::kDrop : WalkOutcome::Kind::kReject;
      break;
    }
  }
  outcome.addedLabels = machine.addedLabels();
  outcome.mark = machine.packet().mark;
  return outcome;
}

}  // namespace hitless::nft
