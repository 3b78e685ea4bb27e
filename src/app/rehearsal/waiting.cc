#include "app/rehearsal/waiting.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <set>

#include "base/text.h"
#include "core/kube/objects.h"

namespace hitless::app {
namespace {

namespace json = kube::json;

constexpr milliseconds kRulesPoll{20};

/// Namespaces that the manifests put pods into.
std::vector<std::string> namespacesOf(const std::vector<Manifest>& manifests) {
  std::vector<std::string> out;
  for (const Manifest& manifest : manifests) {
    const std::string ns(kube::text(manifest.object, {"metadata", "namespace"}, "default"));
    if (std::find(out.begin(), out.end(), ns) == out.end()) {
      out.push_back(ns);
    }
  }
  return out;
}

/// The UIDs of the pods that are terminating, but those on these nodes.
std::set<std::string> terminating(const json::object& podList,
                                  const std::vector<std::string>& exceptOn) {
  std::set<std::string> out;
  const json::array* items = kube::findArray(podList, {"items"});
  for (std::size_t i = 0; items != nullptr && i < items->size(); ++i) {
    const json::object* pod = (*items)[i].if_object();
    if (pod != nullptr && kube::find(*pod, {"metadata", "deletionTimestamp"}) != nullptr &&
        std::find(exceptOn.begin(), exceptOn.end(), kube::text(*pod, {"spec", "nodeName"})) ==
            exceptOn.end()) {
      out.emplace(kube::text(*pod, {"metadata", "uid"}));
    }
  }
  return out;
}

/// Whether all of a first look are gone. Pods that began to terminate after it are somebody else's:
/// clients may make and delete pods, too.
class FirstSeenAreGone {
 public:
  bool operator()(std::set<std::string> now) {
    if (!seen_) {
      seen_ = std::move(now);
      return seen_->empty();
    }
    std::erase_if(*seen_, [&now](const std::string& uid) { return !now.contains(uid); });
    return seen_->empty();
  }

 private:
  std::optional<std::set<std::string>> seen_;
};

/// True if every node's kernel holds the latest state of the endpoints.
bool rulesAreCurrent(const std::vector<timeline::Event>& events,
                     const std::vector<std::string>& nodes) {
  std::uint64_t wanted = 0;
  std::map<std::string, std::uint64_t> committed;
  for (const timeline::Event& event : events) {
    if (event.what == timeline::What::kEndpointsUpdated) {
      wanted = std::max(wanted, event.revision);
    } else if (event.what == timeline::What::kRulesCommitted) {
      std::uint64_t& revision = committed[event.node];
      revision = std::max(revision, event.revision);
    }
  }
  return std::all_of(nodes.begin(), nodes.end(),
                     [&](const std::string& node) { return committed[node] >= wanted; });
}

}  // namespace

Status awaitOldPodsGone(ApiSession& api, const std::vector<Manifest>& manifests,
                        const std::vector<std::string>& cutNodes, nanoseconds timeout) {
  for (const std::string& ns : namespacesOf(manifests)) {
    FirstSeenAreGone gone;
    TRY_VOID(api.waitFor(
        sys::pathOf(kube::res::kPods, ns), timeout,
        [&](const json::object& list) { return gone(terminating(list, cutNodes)); },
        [&](const json::object&) {
          return fmt::format("pods in namespace {} are still terminating after {} s", ns,
                             std::chrono::duration_cast<seconds>(timeout).count());
        }));
  }
  return {};
}

Result<std::vector<timeline::Event>> readTimeline(const ClusterInfo& info) {
  const std::string text = TRY(readFile(info.statePath("timeline.jsonl")));
  std::vector<timeline::Event> events;
  for (const std::string_view line : split(text, '\n')) {
    if (!line.empty()) {
      events.push_back(TRY(timeline::decode(line)));
    }
  }
  std::stable_sort(events.begin(), events.end(),
                   [](const auto& a, const auto& b) { return a.time < b.time; });
  return events;
}

Status awaitRules(ApiSession& api, const ClusterInfo& info, nanoseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (!rulesAreCurrent(TRY(readTimeline(info)), info.nodes)) {
    if (std::chrono::steady_clock::now() > deadline) {
      return fail(ErrorKind::kUnavailable, "the nodes' packet rules do not follow the endpoints",
                  "see the agents' log in the cluster's state folder");
    }
    api.pause(kRulesPoll);
  }
  return {};
}

}  // namespace hitless::app
