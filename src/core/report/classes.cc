#include "core/report/classes.h"

namespace hitless::report {
namespace {

using enum FailureClass;

constexpr ClassInfo kClasses[] = {
    {kEndpointLag, "endpoint-lag",
     "The pod was stopping, but the client's node still sent it new connections."},
    {kDnsLag, "dns-lag", "The pod was stopping, but the name server still told its address."},
    {kDnsKept, "dns-kept",
     "The pod was stopping, and the client still used an address that it had been told before."},
    {kDeadAddress, "dead-ip",
     "Nobody answered: the packets went to the address of a pod that was gone."},
    {kBackoff, "backoff",
     "Nothing was sent: the client waited to connect again after an earlier failure."},
    {kConnReuse, "conn-reuse",
     "The stopping pod closed a kept-alive connection just as a request was sent on it."},
    {kDrainCut, "drain-cut", "The request was in flight when its pod stopped."},
    {kSigkillCut, "sigkill-cut",
     "The request was in flight when SIGKILL ended its pod: the grace period was over."},
    {kDrainRefused, "drain-refused",
     "The stopping pod declined the request unprocessed, and the client did not send it "
     "elsewhere."},
    {kPastCommit, "past-commit",
     "A new connection reached the pod although its removal was in the packet rules."},
    {kNotReady, "not-ready", "The connection reached a pod that was not ready yet."},
    {kPodCrash, "pod-crash", "The pod's process had ended without being told to."},
    {kNodeCut, "node-cut", "A node on the way was cut off from the others."},
    {kNoEndpoint, "no-endpoint", "The client's node knew no ready endpoint of the Service."},
    {kNoName, "no-name", "The name server told no address for the name."},
    {kApplication, "application", "The application answered, but not as it should."},
    {kPeerClosed, "peer-closed",
     "The other side refused, reset or closed the connection, though no pod involved was "
     "stopping."},
    {kCapacity, "capacity",
     "It took too long while no pod involved was stopping: too slow, or overloaded."},
    {kClient, "client", "The client's own machine could not send it."},
    {kNotDenied, "not-denied", "A connection was let through that must be denied."},
    {kOther, "other", "Nothing in the cluster's timeline explains it."},
    {kNotListed, "not-listed", "There were too many failures to keep the details of these."},
};

}  // namespace

std::span<const ClassInfo> classes() {
  return kClasses;
}

const ClassInfo& info(FailureClass failureClass) {
  return kClasses[static_cast<std::size_t>(failureClass)];
}

}  // namespace hitless::report
