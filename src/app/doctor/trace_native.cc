#include "app/doctor/trace_native.h"

#include <fmt/format.h>
#include <linux/netfilter/nf_conntrack_common.h>

#include <algorithm>
#include <set>

#include "base/text.h"
#include "core/doctor/nft_chains.h"
#include "core/nft/walk.h"
#include "sys/doctor/nft_reader.h"
#include "sys/netlink/nft_dataplane.h"

namespace hitless::app {
namespace {

using doctor::NftChain;

constexpr std::pair<std::string_view, nft::HookPoint> kHooks[] = {
    {"PREROUTING", nft::HookPoint::kPrerouting},
    {"INPUT", nft::HookPoint::kInput},
    {"FORWARD", nft::HookPoint::kForward},
    {"OUTPUT", nft::HookPoint::kOutput},
    {"POSTROUTING", nft::HookPoint::kPostrouting}};

/// Of iptables-nft, which the walk has passed already.
bool ofIptables(const NftChain& chain) {
  constexpr std::string_view kTables[] = {"raw", "mangle", "nat", "filter", "security"};
  return chain.family != "inet" &&
         std::find(std::begin(kTables), std::end(kTables), chain.table) != std::end(kTables) &&
         std::any_of(std::begin(kHooks), std::end(kHooks),
                     [&](const auto& hook) { return hook.first == chain.name; });
}

bool seesFamily(const NftChain& chain, IpFamily family) {
  return chain.family == "inet" || chain.family == (family == IpFamily::kV4 ? "ip" : "ip6");
}

nft::WalkPacket walkPacket(const iptables::Packet& from) {
  nft::WalkPacket packet = nft::opening(from.protocol, from.source, from.sourcePort.value_or(0),
                                        from.destination, from.destinationPort.value_or(0));
  packet.fromOwnAddress = from.isOwn(from.source) == iptables::Answer::kYes;
  packet.inputInterface = from.in.value_or("");
  packet.outputInterface = from.out.value_or("");
  packet.mark = from.mark.value;
  packet.icmpType = from.icmpType;
  packet.tcpFlags = from.tcpFlags;
  if (from.state == iptables::ConnectionState::kUntracked) {
    packet.connection.reset();
    packet.untracked = true;
  } else if (from.state == iptables::ConnectionState::kEstablished && packet.connection) {
    packet.connection->state = NF_CT_STATE_BIT(IP_CT_ESTABLISHED);
  }
  return packet;
}

iptables::WalkedRule walkedRule(const std::string& table, const std::string& hook,
                                const nft::WalkOutcome& outcome, const nft::Ruleset& ruleset) {
  iptables::WalkedRule rule;
  rule.place = {"nft", hook, "inet " + table, "", 0, 0, ""};
  rule.does = nft::render(outcome);
  const auto lines = nft::lines(outcome, ruleset);
  if (!outcome.steps.empty()) {
    rule.place.chain = outcome.steps.back().chain;
    rule.place.number = outcome.steps.back().rule + 1;
  }
  rule.place.text = lines.empty() ? rule.does : lines.back();
  return rule;
}

/// True if the table ends the packet.
Result<bool> followTable(const std::string& table, const iptables::AtHook& at,
                         iptables::WalkResult& result) {
  auto kernel = TRY(sys::NftDataplane::open(table));
  const nft::Ruleset ruleset = TRY(kernel.read());
  const auto* point = std::find_if(std::begin(kHooks), std::end(kHooks),
                                   [&](const auto& hook) { return hook.first == at.hook; });
  const nft::WalkOutcome outcome = TRY(nft::walk(ruleset, point->second, walkPacket(at.packet)));
  if (outcome.accepted()) {
    return false;
  }
  result.steps.push_back(walkedRule(table, at.hook, outcome, ruleset));
  result.verdict = outcome.kind == nft::WalkOutcome::Kind::kReject
                       ? iptables::WalkResult::Verdict::kReject
                       : iptables::WalkResult::Verdict::kDrop;
  return true;
}

/// Tables with base chains at the hook, iptables' left out.
std::set<std::pair<std::string, std::string>> tablesAt(const std::vector<NftChain>& chains,
                                                       const iptables::AtHook& at) {
  std::set<std::pair<std::string, std::string>> tables;
  for (const NftChain& chain : chains) {
    if (chain.hook == toLower(at.hook) && seesFamily(chain, at.packet.source.family()) &&
        !ofIptables(chain)) {
      tables.emplace(chain.family, chain.table);
    }
  }
  return tables;
}

/// True if a table ends the packet.
bool followHook(const std::vector<NftChain>& chains, const iptables::AtHook& at,
                iptables::WalkResult& result) {
  for (const auto& [family, table] : tablesAt(chains, at)) {
    std::string why = "only hitless's own tables are";
    if (family == "inet" && table.starts_with("hitless")) {
      const auto ended = followTable(table, at, result);
      if (ended) {
        if (*ended) {
          return true;
        }
        continue;
      }
      why = ended.error().text();
    }
    result.notes.push_back(fmt::format("table {} {} has a chain at {} that was not followed: {}",
                                       family, table, at.hook, why));
  }
  return false;
}

/// The packet as iptables' tables leave it at each hook that it gets past.
std::vector<iptables::AtHook> behindIptables(const iptables::WalkResult& result) {
  std::vector<iptables::AtHook> out = result.hooks;
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto in = out[i].packet.in;
    const auto outInterface = out[i].packet.out;
    out[i].packet = i + 1 < out.size() ? result.hooks[i + 1].packet : result.packet;
    out[i].packet.in = in;
    out[i].packet.out = outInterface;
  }
  if (result.verdict != iptables::WalkResult::Verdict::kAccept && !out.empty()) {
    out.pop_back();
  }
  return out;
}

/// The steps that lie before the end of a hook.
void keepUntil(iptables::WalkResult& result, std::size_t hook) {
  std::set<std::string> later;
  for (std::size_t i = hook + 1; i < result.hooks.size(); ++i) {
    later.insert(result.hooks[i].hook);
  }
  std::erase_if(result.steps,
                [&](const iptables::WalkedRule& rule) { return later.contains(rule.place.hook); });
}

}  // namespace

void followNative(iptables::WalkResult& result) {
  const auto json = sys::nftChains();
  const auto chains = json ? doctor::parseNftChains(*json)
                           : Result<std::vector<NftChain>>(tl::unexpected(json.error()));
  if (!chains) {
    result.notes.push_back("nf_tables' own tables could not be read: " + chains.error().text());
    return;
  }
  const std::vector<iptables::AtHook> hooks = behindIptables(result);
  for (std::size_t i = 0; i < hooks.size(); ++i) {
    iptables::WalkResult until = result;
    keepUntil(until, i);
    if (followHook(*chains, hooks[i], until)) {
      result = std::move(until);
      return;
    }
    result.notes = std::move(until.notes);
  }
}

}  // namespace hitless::app
