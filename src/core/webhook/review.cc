#include "core/webhook/review.h"

#include <fmt/format.h>

#include "core/drain/gate_hook.h"
#include "core/kube/base64.h"
#include "core/proxy/inject/injection.h"
#include "core/webhook/json_diff.h"

namespace hitless::webhook {
namespace {

using kube::json::array;
using kube::json::object;

constexpr std::string_view kApiVersion = "admission.k8s.io/v1";
/// The API server cuts longer ones off.
constexpr std::size_t kMaxWarning = 256;

Answer refuse(std::string_view why) {
  return {Outcome::kRefused, 400,
          fmt::format("{}; this answers POSTs of AdmissionReview {}\n", why, kApiVersion)};
}

Answer allow(Outcome outcome, std::string_view uid, const array& patch,
             const std::vector<std::string>& warnings) {
  object response{{"uid", uid}, {"allowed", true}};
  if (!patch.empty()) {
    response["patchType"] = "JSONPatch";
    response["patch"] = kube::base64Encode(kube::json::serialize(patch));
  }
  if (!warnings.empty()) {
    array& list = response["warnings"].emplace_array();
    for (const std::string& warning : warnings) {
      list.emplace_back(("hitless: " + warning).substr(0, kMaxWarning));
    }
  }
  const object review{
      {"apiVersion", kApiVersion}, {"kind", "AdmissionReview"}, {"response", std::move(response)}};
  return {outcome, 200, kube::json::serialize(review)};
}

/// Gives the pod what it is to have, and says what people should know of it.
std::vector<std::string> change(object& pod, const Cluster& cluster, std::string_view nsName,
                                Rng& rng) {
  const object* ns = cluster.namespaces.find(nsName);
  std::vector<std::string> warnings =
      proxy::inject::injectSidecar(pod, {cluster.proxyImage, ns}).warnings;
  const std::string id = fmt::format("{:016x}{:016x}", rng.next(), rng.next());
  const drain::Injection gate = drain::injectGate(pod, {ns, cluster.minor}, id);
  proxy::inject::tellOfGate(pod);
  warnings.insert(warnings.end(), gate.warnings.begin(), gate.warnings.end());
  return warnings;
}

bool createsPod(const object& request) {
  return kube::text(request, {"operation"}) == "CREATE" &&
         kube::text(request, {"resource", "group"}).empty() &&
         kube::text(request, {"resource", "resource"}) == "pods" &&
         kube::text(request, {"subResource"}).empty();
}

}  // namespace

void Namespaces::apply(const watch::Update& update) {
  if (update.kind == watch::Update::Kind::kFull) {
    objects_.clear();
    synced_ = true;
  }
  for (const watch::Change& change : update.changes) {
    const std::string name(kube::text(*change.object, {"metadata", "name"}));
    if (change.type == watch::ChangeType::kDelete) {
      objects_.erase(name);
    } else {
      objects_.insert_or_assign(name, change.object);
    }
  }
}

const object* Namespaces::find(std::string_view name) const {
  const auto found = objects_.find(name);
  return found == objects_.end() ? nullptr : found->second.get();
}

std::string_view name(Outcome outcome) {
  constexpr std::string_view kNames[] = {"patched", "unchanged", "foreign", "refused"};
  return kNames[static_cast<std::size_t>(outcome)];
}

Answer review(std::string_view body, const Cluster& cluster, Rng& rng) {
  const auto parsed = kube::parseJson(body);
  const object* question = parsed ? parsed->if_object() : nullptr;
  if (question == nullptr) {
    return refuse("the body is not a JSON object");
  }
  if (kube::text(*question, {"apiVersion"}) != kApiVersion ||
      kube::text(*question, {"kind"}) != "AdmissionReview") {
    return refuse(fmt::format("the body is a {:?} of {:?}",
                              std::string(kube::text(*question, {"kind"})),
                              std::string(kube::text(*question, {"apiVersion"}))));
  }
  const object* request = kube::findObject(*question, {"request"});
  const std::string_view uid = request == nullptr ? "" : kube::text(*request, {"uid"});
  if (uid.empty()) {
    return refuse("the review has no request with a uid");
  }
  const object* pod = kube::findObject(*request, {"object"});
  if (!createsPod(*request) || pod == nullptr) {
    return allow(Outcome::kForeign, uid, {},
                 {"the webhook was asked about something else than the creation of a pod; see the "
                  "rules of its MutatingWebhookConfiguration"});
  }
  object changed = *pod;
  const std::vector<std::string> warnings =
      change(changed, cluster, kube::text(*request, {"namespace"}), rng);
  const array patch = patchBetween(*pod, changed);
  return allow(patch.empty() ? Outcome::kUnchanged : Outcome::kPatched, uid, patch, warnings);
}

}  // namespace hitless::webhook
