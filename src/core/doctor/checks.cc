#include "core/doctor/check.h"
#include "core/doctor/checks/bridge-nf/check.h"
#include "core/doctor/checks/conntrack-full/check.h"
#include "core/doctor/checks/conntrack-insert-failed/check.h"
#include "core/doctor/checks/ephemeral-ports/check.h"
#include "core/doctor/checks/foreign-drop/check.h"
#include "core/doctor/checks/forward-policy-drop/check.h"
#include "core/doctor/checks/ip-forward/check.h"
#include "core/doctor/checks/ipset/check.h"
#include "core/doctor/checks/iptables-check-lies/check.h"
#include "core/doctor/checks/leaked-links/check.h"
#include "core/doctor/checks/legacy-rule-explosion/check.h"
#include "core/doctor/checks/lossy-rules/check.h"
#include "core/doctor/checks/masquerade-missing/check.h"
#include "core/doctor/checks/missing-jumps/check.h"
#include "core/doctor/checks/mixed-backends/check.h"
#include "core/doctor/checks/mtu/check.h"
#include "core/doctor/checks/neighbour-overflow/check.h"
#include "core/doctor/checks/nft-foreign-expressions/check.h"
#include "core/doctor/checks/nft-livelock/check.h"
#include "core/doctor/checks/nft-rule-explosion/check.h"
#include "core/doctor/checks/orphan-chains/check.h"
#include "core/doctor/checks/rp-filter/check.h"
#include "core/doctor/checks/rule-cost/check.h"
#include "core/doctor/checks/rule-duplicates/check.h"
#include "core/doctor/checks/softnet/check.h"
#include "core/doctor/checks/stale-conntrack/check.h"
#include "core/doctor/checks/sysctl-flap/check.h"
#include "core/doctor/checks/xtables-lock/check.h"

namespace hitless::doctor {
namespace {

constexpr const Check* kChecks[] = {
    &kLegacyRuleExplosion,
    &kXtablesLock,
    &kNftLivelock,
    &kIptablesCheckLies,
    &kNftRuleExplosion,
    &kNftForeignExpressions,
    &kMissingJumps,
    &kMasqueradeMissing,
    &kForwardPolicyDrop,
    &kLossyRules,
    &kRuleDuplicates,
    &kMixedBackends,
    &kForeignDrop,
    &kOrphanChains,
    &kConntrackFull,
    &kConntrackInsertFailed,
    &kStaleConntrack,
    &kNeighbourOverflow,
    &kEphemeralPorts,
    &kRpFilter,
    &kBridgeNf,
    &kIpForward,
    &kSysctlFlap,
    &kIpSet,
    &kLeakedLinks,
    &kMtu,
    &kSoftnet,
    &kRuleCost,
};

}  // namespace

std::span<const Check* const> checks() {
  return kChecks;
}

}  // namespace hitless::doctor
