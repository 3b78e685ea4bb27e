#include "sys/doctor/providers.h"

#include "core/doctor/evidence_names.h"
#include "sys/doctor/flows.h"
#include "sys/doctor/ip_sets.h"
#include "sys/doctor/iptables_binaries.h"
#include "sys/doctor/legacy_reader.h"
#include "sys/doctor/links.h"
#include "sys/doctor/nft_reader.h"
#include "sys/doctor/processes.h"
#include "sys/doctor/round_trip.h"
#include "sys/doctor/xtables_lock.h"

namespace hitless::sys {
namespace {

// A line for each name of core/doctor/evidence_names.h that is read at one moment.
constexpr Provider kProviders[] = {
    {doctor::names::kFlows, flowsEvidence},
    {doctor::names::kIptablesBinaries, iptablesBinaries},
    {doctor::names::kLegacyRules4, legacyRules4},
    {doctor::names::kLegacyRules6, legacyRules6},
    {doctor::names::kLegacyTables, legacyTables},
    {doctor::names::kXtablesLock, xtablesLockFile},
    {doctor::names::kLinks, linksEvidence},
    {doctor::names::kIpSets, ipSetsEvidence},
    {doctor::names::kNftChains, nftChains},
    {doctor::names::kNftRules4, nftRules4},
    {doctor::names::kNftRules6, nftRules6},
    {doctor::names::kProcesses, processes},
    {doctor::names::kRoundTrip, roundTripEvidence},
};

// A line for each that is heard over a while.
constexpr Recorder kRecorders[] = {
    {doctor::names::kNftChanges, recordNftChanges},
};

}  // namespace

const Provider* providerOf(std::string_view name) {
  for (const Provider& provider : kProviders) {
    if (provider.name == name) {
      return &provider;
    }
  }
  return nullptr;
}

const Recorder* recorderOf(std::string_view name) {
  for (const Recorder& recorder : kRecorders) {
    if (recorder.name == name) {
      return &recorder;
    }
  }
  return nullptr;
}

}  // namespace hitless::sys
