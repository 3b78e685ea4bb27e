#include "core/kube/kept_only.h"

namespace hitless::kube {
namespace {

struct Row {
  std::string_view kind;
  std::string_view notice;
};

constexpr Row kRows[] = {
    {"ClusterRole", "this cluster keeps ClusterRoles but allows everything to everybody it knows"},
    {"ClusterRoleBinding",
     "this cluster keeps ClusterRoleBindings but allows everything to everybody it knows"},
    {"Role", "this cluster keeps Roles but allows everything to everybody it knows"},
    {"RoleBinding", "this cluster keeps RoleBindings but allows everything to everybody it knows"},
    {"MutatingWebhookConfiguration",
     "this cluster keeps MutatingWebhookConfigurations but asks no webhook: it has the gate "
     "itself"},
};

}  // namespace

std::string_view keptOnly(const Resource& resource) {
  for (const Row& row : kRows) {
    if (row.kind == resource.kind) {
      return row.notice;
    }
  }
  return {};
}

}  // namespace hitless::kube
