#pragma once

#include <string>
#include <vector>

#include "core/control/controllers/ownership.h"

namespace hitless::control {

/// An object of any kind, as far as its life depends on others.
struct Member {
  ObjectRef ref;
  bool terminating = false;
};

struct NamespaceState {
  kube::ObjectPtr object;
  std::vector<Member> contents;  ///< Everything in it. Only read when it is terminating.
};

/// Ends a namespace: deletes what is in it, waits until all is gone, then lets go of it by taking
/// the finalizer "kubernetes" out of spec.finalizers.
Actions reconcile(const NamespaceState& state);

/// What every namespace has.
struct NamespaceDefaultsState {
  std::string ns;
  bool terminating = false;
  bool hasServiceAccount = false;  ///< "default"
  kube::ObjectPtr rootCaMap;       ///< ConfigMap "kube-root-ca.crt", or null
  std::string rootCa;              ///< PEM
};

inline constexpr std::string_view kDefaultServiceAccount = "default";
inline constexpr std::string_view kRootCaMap = "kube-root-ca.crt";

/// Makes the ServiceAccount that pods run as, and the ConfigMap by which they trust the API server.
Actions reconcile(const NamespaceDefaultsState& state);

}  // namespace hitless::control
