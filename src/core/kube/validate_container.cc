#include <fmt/format.h>

#include <set>

#include "core/kube/each.h"
#include "core/kube/quantity.h"
#include "core/kube/validation_rules.h"

namespace hitless::kube {
namespace {

constexpr std::string_view kHandlers[] = {"exec", "httpGet", "tcpSocket", "grpc", "sleep"};
constexpr std::string_view kProbes[] = {"livenessProbe", "readinessProbe", "startupProbe"};

/// Exactly one way to act.
void validateHandler(const json::object& handler, const std::string& path, FieldErrors& errors) {
  std::size_t count = 0;
  for (const std::string_view name : kHandlers) {
    if (findObject(handler, {name}) != nullptr && ++count > 1) {
      errors.forbidden(fmt::format("{}.{}", path, name),
                       "may not specify more than 1 handler type");
    }
  }
  if (count == 0) {
    errors.required(path, "must specify a handler type");
  }
  const json::object* exec = findObject(handler, {"exec"});
  const json::array* command = exec == nullptr ? nullptr : findArray(*exec, {"command"});
  if (exec != nullptr && (command == nullptr || command->empty())) {
    errors.required(path + ".exec.command");
  }
}

void validateProbes(const json::object& container, const std::string& path, FieldErrors& errors) {
  for (const std::string_view name : kProbes) {
    const json::object* probe = findObject(container, {name});
    if (probe == nullptr) {
      continue;
    }
    const std::string at = fmt::format("{}.{}", path, name);
    validateHandler(*probe, at, errors);
    const std::int64_t successes = integer(*probe, {"successThreshold"}, 1);
    if (name != "readinessProbe" && successes != 1) {
      errors.invalid(at + ".successThreshold", successes, "must be 1");
    }
    if (name == "readinessProbe" && find(*probe, "terminationGracePeriodSeconds") != nullptr) {
      errors.invalid(at + ".terminationGracePeriodSeconds",
                     integer(*probe, {"terminationGracePeriodSeconds"}),
                     "must not be set for readinessProbes");
    }
  }
  for (const std::string_view hook : {"postStart", "preStop"}) {
    if (const json::object* handler = findObject(container, {"lifecycle", hook})) {
      validateHandler(*handler, fmt::format("{}.lifecycle.{}", path, hook), errors);
    }
  }
}

void validatePorts(const json::object& container, const std::string& path, bool hostNetwork,
                   FieldErrors& errors) {
  std::set<std::string_view> names;
  eachObject(container, "ports", path, [&](const json::object& port, const std::string& at) {
    const std::string_view name = text(port, {"name"});
    if (!name.empty() && !names.insert(name).second) {
      errors.duplicate(at + ".name", json::string(name));
    }
    const std::int64_t hostPort = integer(port, {"hostPort"});
    if (hostPort < 0 || hostPort > 65535) {
      errors.invalid(at + ".hostPort", hostPort, "must be between 1 and 65535, inclusive");
    }
    if (hostNetwork && hostPort != 0 && hostPort != integer(port, {"containerPort"})) {
      errors.invalid(at + ".containerPort", integer(port, {"containerPort"}),
                     "must match `hostPort` when `hostNetwork` is true");
    }
  });
}

void validateEnv(const json::object& container, const std::string& path, FieldErrors& errors) {
  eachObject(container, "env", path, [&](const json::object& variable, const std::string& at) {
    const json::object* source = findObject(variable, {"valueFrom"});
    if (source == nullptr) {
      return;
    }
    if (!text(variable, {"value"}).empty()) {
      errors.invalidText(at + ".valueFrom", "\"\"",
                         "may not be specified when `value` is not empty");
    }
    if (source->empty()) {
      errors.invalidText(at + ".valueFrom", "\"\"",
                         "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` "
                         "or `secretKeyRef`");
    } else if (source->size() > 1) {
      errors.invalidText(at + ".valueFrom", "\"\"",
                         "may not have more than one field specified at a time");
    }
  });
}

void validateMounts(const json::object& container, const std::string& path,
                    const std::set<std::string_view>& volumes, FieldErrors& errors) {
  std::set<std::string_view> paths;
  eachObject(container, "volumeMounts", path,
             [&](const json::object& mount, const std::string& at) {
               const std::string_view name = text(mount, {"name"});
               if (!name.empty() && !volumes.contains(name)) {
                 errors.notFound(at + ".name", name);
               }
               const std::string_view where = text(mount, {"mountPath"});
               if (!where.empty() && !paths.insert(where).second) {
                 errors.invalid(at + ".mountPath", json::string(where), "must be unique");
               }
             });
}

void validateResources(const json::object& container, const std::string& path,
                       FieldErrors& errors) {
  const json::object* requests = findObject(container, {"resources", "requests"});
  const json::object* limits = findObject(container, {"resources", "limits"});
  for (const auto& [list, field] : {std::pair{limits, "limits"}, {requests, "requests"}}) {
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
      const auto& entry = *(list->begin() + static_cast<std::ptrdiff_t>(i));
      const auto amount = quantityValue(entry.value());
      const std::string at =
          fmt::format("{}.resources.{}[{}]", path, field, std::string_view(entry.key()));
      if (amount && *amount < 0) {
        errors.invalid(at, entry.value(), "must be greater than or equal to 0");
      }
      const json::value* limit =
          list == requests && limits != nullptr ? find(*limits, entry.key()) : nullptr;
      const auto most = limit == nullptr ? std::nullopt : quantityValue(*limit);
      if (amount && most && *amount > *most) {
        errors.invalid(
            at, entry.value(),
            fmt::format(
                "must be less than or equal to {} limit of {}", std::string_view(entry.key()),
                limit->is_string() ? std::string(limit->get_string()) : json::serialize(*limit)));
      }
    }
  }
}

/// Only an init container that keeps running has hooks and probes.
void validateInitContainer(const json::object& container, const std::string& path,
                           FieldErrors& errors) {
  const std::string_view policy = text(container, {"restartPolicy"});
  constexpr std::string_view kAlways[] = {"Always"};
  if (!policy.empty() && policy != "Always") {
    errors.notSupported(path + ".restartPolicy", policy, kAlways);
  }
  if (policy == "Always") {
    return;
  }
  for (const std::string_view field :
       {"lifecycle", "livenessProbe", "readinessProbe", "startupProbe"}) {
    if (findObject(container, {field}) != nullptr) {
      errors.forbidden(fmt::format("{}.{}", path, field),
                       "may not be set for init containers without restartPolicy=Always");
    }
  }
}

}  // namespace

void validateContainers(const json::object& spec, const std::string& path, FieldErrors& errors) {
  std::set<std::string_view> volumes;
  eachObject(spec, "volumes", path, [&](const json::object& volume, const std::string&) {
    volumes.insert(text(volume, {"name"}));
  });
  std::set<std::string_view> names;
  for (const std::string_view list : {"initContainers", "containers"}) {
    eachObject(spec, list, path, [&](const json::object& container, const std::string& at) {
      const std::string_view name = text(container, {"name"});
      if (!name.empty() && !names.insert(name).second) {
        errors.duplicate(at + ".name", json::string(name));
      }
      if (text(container, {"image"}).empty()) {
        errors.required(at + ".image");
      }
      if (list == "initContainers") {
        validateInitContainer(container, at, errors);
      }
      validatePorts(container, at, boolean(spec, {"hostNetwork"}), errors);
      validateEnv(container, at, errors);
      validateMounts(container, at, volumes, errors);
      validateProbes(container, at, errors);
      validateResources(container, at, errors);
    });
  }
}

}  // namespace hitless::kube
