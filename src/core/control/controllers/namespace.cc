#include "core/control/controllers/namespace.h"

namespace hitless::control {
namespace {

using kube::json::array;
using kube::json::object;
using kube::res::kConfigMaps;
using kube::res::kNamespaces;
using kube::res::kServiceAccounts;

constexpr std::string_view kFinalizer = "kubernetes";

Patch phasePatch(const kube::ObjectMeta& meta, std::string_view phase) {
  return {refTo(kNamespaces, meta), "status", {{"status", {{"phase", phase}}}}};
}

Actions deleteAll(const std::vector<Member>& contents) {
  Actions actions;
  for (const Member& member : contents) {
    if (!member.terminating) {
      actions.push_back(Delete{member.ref, {}, "Background"});
    }
  }
  return actions;
}

/// Takes our finalizer away; others' stay and keep the namespace.
Actions letGo(const kube::ObjectMeta& meta, const array* finalizers) {
  array rest;
  bool held = false;
  if (finalizers != nullptr) {
    for (const auto& finalizer : *finalizers) {
      if (const auto* text = finalizer.if_string(); text != nullptr && *text == kFinalizer) {
        held = true;
      } else {
        rest.push_back(finalizer);
      }
    }
  }
  if (!held) {
    return {};
  }
  return {
      Patch{refTo(kNamespaces, meta), "finalize", {{"spec", {{"finalizers", std::move(rest)}}}}}};
}

}  // namespace

Actions reconcile(const NamespaceState& state) {
  const kube::ObjectMeta meta = kube::metaOf(*state.object);
  const std::string_view phase = kube::text(*state.object, {"status", "phase"});
  const std::string_view wanted = meta.terminating() ? "Terminating" : "Active";
  Actions actions;
  if (phase != wanted) {
    actions.push_back(phasePatch(meta, wanted));
  }
  if (meta.terminating()) {
    Actions rest = state.contents.empty()
                       ? letGo(meta, kube::findArray(*state.object, {"spec", "finalizers"}))
                       : deleteAll(state.contents);
    actions.insert(actions.end(), rest.begin(), rest.end());
  }
  return actions;
}

Actions reconcile(const NamespaceDefaultsState& state) {
  if (state.terminating) {
    return {};
  }
  Actions actions;
  if (!state.hasServiceAccount) {
    actions.push_back(
        Create{&kServiceAccounts,
               {{"apiVersion", "v1"},
                {"kind", kServiceAccounts.kind},
                {"metadata", {{"name", kDefaultServiceAccount}, {"namespace", state.ns}}}}});
  }
  object data{{"ca.crt", state.rootCa}};
  if (state.rootCaMap == nullptr) {
    actions.push_back(Create{&kConfigMaps,
                             {{"apiVersion", "v1"},
                              {"kind", kConfigMaps.kind},
                              {"metadata", {{"name", kRootCaMap}, {"namespace", state.ns}}},
                              {"data", std::move(data)}}});
  } else if (kube::text(*state.rootCaMap, {"data", "ca.crt"}) != state.rootCa) {
    const kube::ObjectMeta meta = kube::metaOf(*state.rootCaMap);
    actions.push_back(Patch{refTo(kConfigMaps, meta), "", {{"data", std::move(data)}}});
  }
  return actions;
}

}  // namespace hitless::control
