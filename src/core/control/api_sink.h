#pragma once

#include "core/control/action.h"
#include "core/control/registry.h"

namespace hitless::control {

/// Carries out the actions of controllers that run in the API server's process, over the same code
/// as requests take. Requeue is the caller's business.
class ApiSink : public ActionSink {
 public:
  explicit ApiSink(Registry& registry) : registry_(registry) {}
  Result<kube::ObjectPtr> execute(const Action& action) override;

 private:
  Result<kube::ObjectPtr> run(const Create& action);
  Result<kube::ObjectPtr> run(const Patch& action);
  Result<kube::ObjectPtr> run(const Delete& action);
  Result<kube::ObjectPtr> run(const Bind& action);
  Result<kube::ObjectPtr> run(const EmitEvent& action);
  Result<kube::ObjectPtr> run(const Requeue& action);

  Registry& registry_;
};

}  // namespace hitless::control
