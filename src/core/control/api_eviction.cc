#include "core/control/api_handlers.h"
#include "core/control/eviction.h"
#include "core/control/identity.h"
#include "core/kube/patch.h"

namespace hitless::control {
namespace {

namespace json = kube::json;
using kube::res::kPodDisruptionBudgets;

DeleteOptions deleteOptionsOf(const json::object& eviction) {
  DeleteOptions options;
  if (const json::object* asked = kube::findObject(eviction, {"deleteOptions"})) {
    options.gracePeriodSeconds = kube::optionalInteger(*asked, {"gracePeriodSeconds"});
    options.propagationPolicy = std::string(kube::text(*asked, {"propagationPolicy"}));
    options.uid = std::string(kube::text(*asked, {"preconditions", "uid"}));
    options.resourceVersion = std::string(kube::text(*asked, {"preconditions", "resourceVersion"}));
    if (const json::array* dryRun = kube::findArray(*asked, {"dryRun"})) {
      options.dryRun = !dryRun->empty();
    }
  }
  return options;
}

std::vector<kube::PodDisruptionBudget> budgetsOf(const kube::Pod& pod, const Store& store) {
  std::vector<kube::PodDisruptionBudget> out;
  for (const kube::ObjectPtr& object : store.list(kPodDisruptionBudgets, pod.meta.ns)) {
    kube::PodDisruptionBudget budget = kube::podDisruptionBudgetOf(*object);
    if (budget.covers(pod.meta.labels)) {
      out.push_back(std::move(budget));
    }
  }
  return out;
}

ApiStatus pay(Registry& registry, const kube::PodDisruptionBudget& budget,
              const kube::PodDisruptionBudgetStatus& status) {
  const Target target{&kPodDisruptionBudgets, budget.meta.ns, budget.meta.name, "status"};
  const auto change = [&](const json::object& live) -> ApiResult<json::object> {
    json::value next = live;
    kube::applyMergePatch(next, {{"status", kube::statusPatch(budget, status)}});
    return std::move(next.get_object());
  };
  (void)API_TRY(registry.modify(target, change, {}));
  return {};
}

}  // namespace

Reply evictPod(const Call& call) {
  const json::object eviction =
      API_TRY(parseBody("Eviction", call.request.contentType, call.request.body));
  const WriteParameters parameters = API_TRY(writeParameters(call.request, "CreateOptions"));
  if (kube::text(eviction, {"metadata", "name"}) != call.target.name) {
    return refuse(badRequest("name in URL does not match name in Eviction object"));
  }
  Target target = call.target;
  target.subresource.clear();
  const kube::ObjectPtr live = call.registry.store().get(*target.resource, target.ns, target.name);
  if (live == nullptr) {
    return refuse(notFound(*target.resource, target.name));
  }
  DeleteOptions options = deleteOptionsOf(eviction);
  options.dryRun = options.dryRun || parameters.dryRun;
  const kube::Pod pod = kube::podOf(*live);
  const auto budgets = budgetsOf(pod, call.registry.store());
  const Eviction allowed = API_TRY(evict(pod, budgets, call.registry.clock().wall()));
  if (allowed.paid && !options.dryRun) {
    API_TRY_VOID(pay(call.registry, budgets.front(), *allowed.paid));
  }
  (void)API_TRY(call.registry.remove(target, options));
  json::object status = successStatus(*call.target.resource, "", "");
  status.emplace("code", 201);
  return jsonResponse(201, status);
}

}  // namespace hitless::control
