#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/rng.h"
#include "core/control/api_error.h"
#include "core/control/service_addresses.h"
#include "core/control/store.h"

/// What the cluster adds to an object, or refuses, beyond what its manifest says.
namespace hitless::control {

struct AdmissionOptions {
  bool gate = false;  ///< Add the gate's preStop hook to pods.
};

struct AdmissionRequest {
  enum class Operation { kCreate, kUpdate };
  Operation operation = Operation::kCreate;
  const kube::Resource* resource = nullptr;
  std::string ns;
  kube::json::object* object = nullptr;      ///< Steps may change it.
  const kube::json::object* live = nullptr;  ///< Null on create.
  const Store* store = nullptr;
  const ServiceAddresses* addresses = nullptr;
  Rng* rng = nullptr;
  AdmissionOptions options;
  std::vector<std::string> warnings;  ///< For the client, beside the answer.
};

/// One step; they run in the order of the table.
struct AdmissionStep {
  const char* name;
  ApiStatus (*admit)(AdmissionRequest& request);
};
std::span<const AdmissionStep> admissionSteps();

/// Runs the steps until one refuses.
ApiStatus admit(AdmissionRequest& request);

}  // namespace hitless::control
