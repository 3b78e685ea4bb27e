#include "app/agent/proxy_config.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace hitless::app {

std::string_view describe(KeyKind kind) {
  switch (kind) {
    case KeyKind::kString:
      return "a string";
    case KeyKind::kBool:
      return "true or false";
    case KeyKind::kInteger:
      return "a whole number";
    case KeyKind::kDuration:
      return "a duration such as 30s or 1h30m";
    case KeyKind::kStrings:
      return "a list of strings";
    case KeyKind::kAnything:
      return "anything";
  }
  return {};
}

bool fits(KeyKind kind, const std::string& text) {
  switch (kind) {
    case KeyKind::kBool:
      return text == "true" || text == "false";
    case KeyKind::kInteger:
      return parseInt(text).has_value();
    case KeyKind::kDuration: {
      const auto duration = parseDuration(text);
      return duration && *duration >= nanoseconds{};
    }
    default:
      return true;
  }
}

Status setFromFlag(ProxyConfig& config, const ConfigKey& key, const std::string& text) {
  const std::string flag(key.flags.substr(0, key.flags.find(',')));
  if (!fits(key.kind, text)) {
    return tl::unexpected(Error{
        ErrorKind::kInvalid, fmt::format("'{}' is not {}", text, describe(key.kind)), flag, {}, 0});
  }
  std::vector<std::string> values{text};
  if (key.kind == KeyKind::kStrings) {
    values.clear();
    for (const std::string_view part : split(text, ',')) {
      if (!trim(part).empty()) {
        values.emplace_back(trim(part));
      }
    }
  }
  if (key.set != nullptr) {
    if (Status set = key.set(config, values); !set) {
      return tl::unexpected(std::move(set).error().about(flag));
    }
  }
  return {};
}

Status validate(const ProxyConfig& config) {
  const auto needs = [&](std::string_view mode, const std::string& value, std::string_view key) {
    return config.detectLocalMode == mode && value.empty()
               ? Status(invalid(fmt::format("detectLocalMode {} needs {}", mode, key)))
               : Status{};
  };
  TRY_VOID(needs("BridgeInterface", config.bridgeInterface, "detectLocal.bridgeInterface"));
  return needs("InterfaceNamePrefix", config.interfaceNamePrefix,
               "detectLocal.interfaceNamePrefix");
}

std::string renderConfigPage() {
  std::string out =
      "# Configuration of the agent\n\n"
      "`hitless agent --config FILE` reads a subset of kube-proxy's KubeProxyConfiguration, so "
      "that "
      "the file of an existing cluster (ConfigMap `kube-proxy` in kube-system) can be used as it "
      "is:\n\n"
      "    apiVersion: kubeproxy.config.k8s.io/v1alpha1\n"
      "    kind: KubeProxyConfiguration\n"
      "    mode: nftables\n"
      "    clusterCIDR: 10.244.0.0/16\n"
      "    clientConnection: {kubeconfig: /var/lib/hitless/kubeconfig}\n\n"
      "A flag beats the file (kube-proxy ignores most of its flags when there is a file). A key "
      "that is not known, or a value of the wrong kind, is an error that names the file, the line "
      "and the key. `null` and an empty string mean: as if not given; of the two bind addresses an "
      "empty *flag* means: nowhere. Keys that have no effect here are named in the log.\n\n"
      "| key | flag | value | default | meaning |\n|---|---|---|---|---|\n";
  for (const ConfigKey& key : configKeys()) {
    std::string flags;
    for (const std::string_view flag : split(key.flags, ',')) {
      if (!flag.empty()) {
        flags += fmt::format("{}`{}`", flags.empty() ? "" : " ", flag);
      }
    }
    out += fmt::format("| `{}` | {} | {} | {} | {} |\n", key.path, flags, describe(key.kind),
                       key.standard, key.help);
  }
  return out;
}

}  // namespace hitless::app
