#include "core/proxy/inject/containers.h"

#include <fmt/format.h>

#include "core/proxy/inject/names.h"
#include "core/proxy/sidecar.h"

namespace hitless::proxy::inject {
namespace {

namespace json = kube::json;

/// Native sidecars hold the pod's other containers up until they have started, so they are asked
/// often, and for long: a node may be slow.
constexpr std::int64_t kStartupPeriod = 1;
constexpr std::int64_t kStartupTries = 600;
constexpr std::int64_t kReadinessPeriod = 2;

json::object resources() {
  return {{"requests", {{"cpu", "10m"}, {"memory", "40Mi"}}}, {"limits", {{"memory", "1Gi"}}}};
}

/// What Pod Security's level "restricted" asks for.
json::object unprivileged() {
  return {{"runAsUser", std::int64_t{sidecar::kUser}},
          {"runAsGroup", std::int64_t{sidecar::kUser}},
          {"runAsNonRoot", true},
          {"allowPrivilegeEscalation", false},
          {"readOnlyRootFilesystem", true},
          {"capabilities", {{"drop", json::array{"ALL"}}}},
          {"seccompProfile", {{"type", "RuntimeDefault"}}}};
}

/// Packet rules need one capability, which counts for user 0 only.
json::object mayChangeRules() {
  return {{"runAsUser", 0},
          {"runAsGroup", 0},
          {"runAsNonRoot", false},
          {"allowPrivilegeEscalation", false},
          {"readOnlyRootFilesystem", true},
          {"capabilities", {{"add", json::array{"NET_ADMIN"}}, {"drop", json::array{"ALL"}}}},
          {"seccompProfile", {{"type", "RuntimeDefault"}}}};
}

json::object askReady(std::int64_t period, std::int64_t failures) {
  return {{"httpGet",
           {{"path", sidecar::kReadyPath},
            {"port", std::int64_t{sidecar::kStatusPort}},
            {"scheme", "HTTP"}}},
          {"periodSeconds", period},
          {"timeoutSeconds", 2},
          {"failureThreshold", failures}};
}

void addPorts(json::array& args, std::string_view flag, const PortList& ports) {
  if (!ports.empty()) {
    args.emplace_back(flag);
    args.emplace_back(ports.text());
  }
}

json::array proxyArgs(const Wishes& wishes, std::int64_t graceSeconds) {
  json::array args{
      "proxy",   "sidecar",          "--redirect-port", std::to_string(sidecar::kInboundPort),
      "--drain", text(wishes.drain), "--grace",         fmt::format("{}s", graceSeconds)};
  if (!wishes.outbound.empty()) {
    args.emplace_back("--outbound-port");
    args.emplace_back(std::to_string(sidecar::kOutboundPort));
  }
  if (!wishes.accessLog.empty()) {
    args.emplace_back("--access-log");
    args.emplace_back(wishes.accessLog);
  }
  if (wishes.form == Wishes::Form::kNative) {
    args.emplace_back("--native");
  }
  return args;
}

}  // namespace

json::object redirectContainer(const Wishes& wishes, const ContainerOptions& options) {
  json::array args{"proxy", "redirect", "--inbound-ports",
                   wishes.inbound.empty() ? "" : wishes.inbound.text()};
  addPorts(args, "--exclude-inbound-ports", wishes.inboundExcluded);
  addPorts(args, "--outbound-ports", wishes.outbound);
  addPorts(args, "--exclude-outbound-ports", wishes.outboundExcluded);
  return {{"name", kRedirectContainer},
          {"image", options.image},
          {"args", std::move(args)},
          {"resources", resources()},
          {"securityContext", mayChangeRules()}};
}

json::object proxyContainer(const Wishes& wishes, const ContainerOptions& options) {
  json::object out{
      {"name", kProxyContainer},
      {"image", options.image},
      {"args", proxyArgs(wishes, options.graceSeconds)},
      {"ports", json::array{json::object{{"name", "hitless-status"},
                                         {"containerPort", std::int64_t{sidecar::kStatusPort}},
                                         {"protocol", "TCP"}}}},
      {"readinessProbe", askReady(kReadinessPeriod, 3)},
      {"resources", resources()},
      {"securityContext", unprivileged()}};
  if (wishes.form == Wishes::Form::kNative) {
    out["restartPolicy"] = "Always";
    out["startupProbe"] = askReady(kStartupPeriod, kStartupTries);
  }
  return out;
}

}  // namespace hitless::proxy::inject
