#include "core/proxy/access_log/flags.h"

namespace hitless::proxy {
namespace {

// Names and order are Envoy's: source/common/stream_info/utility.h.
constexpr FlagName kFlags[] = {
    {Flag::kNoHealthyUpstream, "UH", "the cluster has no upstream that could be asked"},
    {Flag::kUpstreamRequestTimeout, "UT", "the upstream did not answer in time"},
    {Flag::kLocalReset, "LR", "the proxy reset the upstream's stream or connection"},
    {Flag::kUpstreamRemoteReset, "UR", "the upstream reset the stream"},
    {Flag::kUpstreamConnectionFailure, "UF", "there was no connection to the upstream to be had"},
    {Flag::kUpstreamConnectionTermination, "UC",
     "the upstream's connection ended before the response did"},
    {Flag::kUpstreamOverflow, "UO", "a limit of the cluster was reached"},
    {Flag::kNoRouteFound, "NR", "no route matches the request, or no TLS server name"},
    {Flag::kDownstreamConnectionTermination, "DC",
     "the client ended the connection before the response was complete"},
    {Flag::kUpstreamRetryLimitExceeded, "URX", "no more tries are allowed; see not_replayed"},
    {Flag::kStreamIdleTimeout, "SI", "nothing was sent or received for too long"},
    {Flag::kDownstreamProtocolError, "DPE", "the client broke the rules of HTTP"},
    {Flag::kUpstreamMaxStreamDuration, "UMSDR", "the upstream's stream was open for too long"},
    {Flag::kDurationTimeout, "DT", "the connection was open for too long"},
    {Flag::kUpstreamProtocolError, "UPE", "the upstream broke the rules of HTTP"},
    {Flag::kNoClusterFound, "NC", "the route's backend does not exist"},
};

}  // namespace

std::span<const FlagName> flagTable() {
  return kFlags;
}

std::string flagNames(Flags flags) {
  std::string names;
  for (const FlagName& row : kFlags) {
    if (has(flags, row.flag)) {
      names.append(names.empty() ? "" : ",").append(row.name);
    }
  }
  return names.empty() ? "-" : names;
}

}  // namespace hitless::proxy
