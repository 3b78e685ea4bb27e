#include "app/rehearsal/faults.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>

#include "app/cluster/cluster_process.h"
#include "app/cluster/fabric.h"
#include "core/kube/resource.h"
#include "sys/netlink/link.h"
#include "sys/process/namespaces.h"

namespace hitless::app {
namespace {

namespace json = kube::json;
using timeline::What;

WallTime wallNow() {
  return std::chrono::system_clock::now();
}

bool ready(const json::object& pod) {
  const json::array* conditions = kube::findArray(pod, {"status", "conditions"});
  return conditions != nullptr &&
         std::any_of(conditions->begin(), conditions->end(), [](const json::value& entry) {
           const json::object* object = entry.if_object();
           return object != nullptr && kube::text(*object, {"type"}) == "Ready" &&
                  kube::text(*object, {"status"}) == "True";
         });
}

std::int64_t restartsOf(const json::object& pod) {
  const json::array* states = kube::findArray(pod, {"status", "containerStatuses"});
  std::int64_t restarts = 0;
  for (std::size_t i = 0; states != nullptr && i < states->size(); ++i) {
    const json::object* state = (*states)[i].if_object();
    restarts += state == nullptr ? 0 : kube::integer(*state, {"restartCount"});
  }
  return restarts;
}

/// For a query (RFC 3986, 2.1): everything but what is never special.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

/// The first, by name, of the ready pods that the selector picks.
Result<json::object> selected(const scenario::Action& action, ApiSession& api) {
  const json::object list = TRY(api.get(sys::pathOf(kube::res::kPods, action.ns) +
                                        "?labelSelector=" + escaped(action.selector)));
  const json::array* items = kube::findArray(list, {"items"});
  const json::object* first = nullptr;
  for (std::size_t i = 0; items != nullptr && i < items->size(); ++i) {
    const json::object* pod = (*items)[i].if_object();
    const bool usable = pod != nullptr && ready(*pod) &&
                        kube::find(*pod, {"metadata", "deletionTimestamp"}) == nullptr;
    const bool earlier =
        usable && (first == nullptr || kube::text(*pod, {"metadata", "name"}) <
                                           kube::text(*first, {"metadata", "name"}));
    first = earlier ? pod : first;
  }
  if (first == nullptr) {
    return fail(ErrorKind::kNotFound,
                fmt::format("no pod with {} is ready in namespace {}", action.selector, action.ns));
  }
  return *first;
}

/// The first processes of a pod's containers: children of its node that see the pod's files.
std::vector<pid_t> processesOf(pid_t node, const std::string& uid) {
  std::vector<pid_t> found;
  for (const pid_t pid : sys::childrenOf(node)) {
    const auto mounts = readFile(fmt::format("/proc/{}/mountinfo", pid));
    if (mounts && mounts->find("/pods/" + uid + "/") != std::string::npos) {
      found.push_back(pid);
    }
  }
  return found;
}

Status killPod(const ClusterInfo& info, const std::string& node, const std::string& uid) {
  const std::vector<pid_t> processes = processesOf(TRY(nodeProcess(info, node)), uid);
  if (processes.empty()) {
    return fail(ErrorKind::kNotFound, fmt::format("no process of the pod runs on {}", node));
  }
  for (const pid_t pid : processes) {
    if (const auto process = sys::processOf(pid)) {
      TRY_VOID(sys::signalProcess(*process, SIGKILL));
    }
  }
  return {};
}

/// Runs `inside` in a process that has joined the network of `pid`.
Status inNetworkOf(pid_t pid, const std::function<Status()>& inside) {
  const auto child = sys::cloneChild({}, [&]() -> int {
    Status status = sys::joinNamespaces(pid, {"user", "net"});
    if (status) {
      status = inside();
    }
    if (!status) {
      fmt::print(stderr, "hitless: {}\n", status.error().text());
      std::fflush(stderr);
    }
    return status ? 0 : 1;
  });
  if (!child) {
    return tl::unexpected<Error>(child.error());
  }
  int status = 0;
  ::waitpid(child->pid, &status, 0);
  ::close(child->pidfd);
  if (status != 0) {
    return fail(ErrorKind::kInternal, "cannot change the node's link; its error is above");
  }
  return {};
}

int indexOf(const ClusterInfo& info, const std::string& node) {
  const auto found = std::find(info.nodes.begin(), info.nodes.end(), node);
  return static_cast<int>(found - info.nodes.begin()) + 1;
}

}  // namespace

Result<CrashedPod> crashPod(const scenario::Action& action, const ClusterInfo& info,
                            ApiSession& api, timeline::Sink& timeline) {
  const json::object pod = action.selector.empty()
                               ? TRY(api.get(sys::pathOf(kube::res::kPods, action.ns, action.name)))
                               : TRY(selected(action, api));
  CrashedPod out{action.ns, std::string(kube::text(pod, {"metadata", "name"})),
                 std::string(kube::text(pod, {"metadata", "uid"})), restartsOf(pod)};
  timeline::Event event;
  event.what = What::kPodCrashed;
  event.node = kube::text(pod, {"spec", "nodeName"});
  event.pod = out.ns + "/" + out.name;
  event.ip = kube::text(pod, {"status", "podIP"});
  event.time = wallNow();
  TRY_VOID(killPod(info, event.node, out.uid));
  timeline.record(event);
  return out;
}

Status awaitRecovery(ApiSession& api, const CrashedPod& pod, nanoseconds timeout) {
  // In a list, a pod that has gone is no error.
  return api.waitFor(
      sys::pathOf(kube::res::kPods, pod.ns) +
          "?fieldSelector=" + escaped("metadata.name=" + pod.name),
      timeout,
      [&](const json::object& list) {
        const json::array* items = kube::findArray(list, {"items"});
        const json::object* found =
            items == nullptr || items->empty() ? nullptr : items->front().if_object();
        const bool same = found != nullptr && kube::text(*found, {"metadata", "uid"}) == pod.uid;
        return !same || (ready(*found) && restartsOf(*found) > pod.restarts);
      },
      [&](const json::object&) {
        return fmt::format("pod {}/{} is not ready again {} s after its crash", pod.ns, pod.name,
                           std::chrono::duration_cast<seconds>(timeout).count());
      });
}

Status setNodeLink(const ClusterInfo& info, const std::string& node, bool up,
                   timeline::Sink& timeline) {
  const pid_t nodePid = TRY(nodeProcess(info, node));
  const std::string port = fabricPort(indexOf(info, node));
  const auto change = [&]() -> Status {
    sys::Links links = TRY(sys::Links::open());
    return up ? links.setUp(port) : links.setDown(port);
  };
  const auto settle = []() -> Status {
    sys::Links links = TRY(sys::Links::open());
    return links.settle("eth0");
  };
  TRY_VOID(inNetworkOf(info.init.pid, change));
  TRY_VOID(inNetworkOf(nodePid, settle));
  timeline::Event event;
  event.time = wallNow();
  event.what = up ? What::kNodeMended : What::kNodeCut;
  event.node = node;
  timeline.record(event);
  return {};
}

}  // namespace hitless::app
