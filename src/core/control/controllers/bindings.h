#pragma once

#include "core/control/controllers/controller.h"

/// The rows of the table of controllers: each collects its controller's state from the cache.
namespace hitless::control::bindings {

extern const Controller kDeployment;
extern const Controller kReplicaSet;
extern const Controller kStatefulSet;
extern const Controller kDaemonSet;
extern const Controller kJob;
extern const Controller kJobOrphan;
extern const Controller kDisruption;
extern const Controller kEndpointSlice;
extern const Controller kEndpoints;
extern const Controller kScheduler;
extern const Controller kGarbageCollector;
extern const Controller kNamespace;
extern const Controller kNamespaceDefaults;
extern const Controller kNodeLifecycle;
extern const Controller kPodGarbage;
extern const Controller kClusterDns;

}  // namespace hitless::control::bindings
