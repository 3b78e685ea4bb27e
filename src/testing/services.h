#pragma once

#include <fmt/format.h>

#include <string>
#include <vector>

#include "core/kube/json.h"
#include "core/watch/update.h"

/// Services and EndpointSlices as the API server sends them, in few words.
namespace hitless::testing {

inline kube::ObjectPtr object(const std::string& json) {
  return std::make_shared<const kube::json::object>(kube::json::parse(json).as_object());
}

struct PortSpec {
  std::string name = "http";
  std::string protocol = "TCP";
  int port = 80;
  int nodePort = 0;
  std::string json() const {
    return fmt::format(R"({{"name":"{}","protocol":"{}","port":{}{}}})", name, protocol, port,
                       nodePort == 0 ? "" : fmt::format(R"(,"nodePort":{})", nodePort));
  }
};

inline std::string joined(const std::vector<PortSpec>& ports) {
  std::string text;
  for (const PortSpec& port : ports) {
    text += (text.empty() ? "" : ",") + port.json();
  }
  return text;
}

/// `ip` may be two, "10.96.0.10,fd00:96::10". `more` is added to spec:
/// `"internalTrafficPolicy":"Local"`; `labels` to metadata.labels.
inline kube::ObjectPtr service(const std::string& name, const std::string& ip,
                               const std::vector<PortSpec>& ports = {{}},
                               const std::string& more = {}, const std::string& labels = {}) {
  std::string ips = ip;
  const std::size_t comma = ips.find(',');
  if (comma != std::string::npos) {
    ips.replace(comma, 1, "\",\"");
  }
  return object(fmt::format(
      R"({{"metadata":{{"name":"{}","namespace":"default","resourceVersion":"1","labels":{{{}}}}},
          "spec":{{"clusterIP":"{}","clusterIPs":["{}"],"ports":[{}]{}{}}}}})",
      name, labels, ip.substr(0, comma), ips, joined(ports), more.empty() ? "" : ",", more));
}

/// A Service of type LoadBalancer; `ingress` is the JSON list: [{"ip":"192.0.2.1"}].
inline kube::ObjectPtr loadBalancer(const std::string& name, const std::string& ip,
                                    const std::string& ingress,
                                    const std::vector<PortSpec>& ports = {{}},
                                    const std::string& more = {}) {
  kube::json::object made =
      *service(name, ip, ports, R"("type":"LoadBalancer")" + (more.empty() ? "" : "," + more));
  made["status"] = {{"loadBalancer", {{"ingress", kube::json::parse(ingress)}}}};
  return std::make_shared<const kube::json::object>(std::move(made));
}

/// The object with another metadata.creationTimestamp.
inline kube::ObjectPtr created(const kube::ObjectPtr& item, const std::string& time) {
  kube::json::object made = *item;
  made["metadata"].as_object()["creationTimestamp"] = time;
  return std::make_shared<const kube::json::object>(std::move(made));
}

struct EndpointSpec {
  std::string ip;
  std::string node = "node-1";
  bool ready = true;
  bool serving = true;
  bool terminating = false;
  std::string hints = {};  ///< JSON: "forZones":[{"name":"a"}]
  std::string hostname = {};
  std::string pod = {};  ///< targetRef: "web-0/7" is pod web-0 with UID 7.

  std::string target() const {
    const std::size_t slash = pod.find('/');
    return pod.empty() ? std::string()
                       : fmt::format(R"(,"targetRef":{{"kind":"Pod","name":"{}","uid":"{}"}})",
                                     pod.substr(0, slash), pod.substr(slash + 1));
  }
};

inline kube::ObjectPtr slice(const std::string& service, const std::vector<EndpointSpec>& endpoints,
                             const std::vector<PortSpec>& ports = {{"http", "TCP", 8080}},
                             int revision = 1, const std::string& suffix = "abc") {
  std::string list;
  for (const EndpointSpec& e : endpoints) {
    list += fmt::format(
        R"({}{{"addresses":["{}"],"nodeName":"{}",
            "conditions":{{"ready":{},"serving":{},"terminating":{}}}{}{}{}}})",
        list.empty() ? "" : ",", e.ip, e.node, e.ready, e.serving, e.terminating,
        e.hints.empty() ? "" : fmt::format(R"(,"hints":{{{}}})", e.hints),
        e.hostname.empty() ? "" : fmt::format(R"(,"hostname":"{}")", e.hostname), e.target());
  }
  return object(fmt::format(
      R"({{"metadata":{{"name":"{}-{}","namespace":"default","resourceVersion":"{}",
           "labels":{{"kubernetes.io/service-name":"{}"}}}},
          "addressType":"{}","endpoints":[{}],"ports":[{}]}})",
      service, suffix, revision, service,
      !endpoints.empty() && endpoints.front().ip.find(':') != std::string::npos ? "IPv6" : "IPv4",
      list, joined(ports)));
}

/// The same slice of a headless Service.
inline kube::ObjectPtr headless(const kube::ObjectPtr& slice) {
  kube::json::object made = *slice;
  made["metadata"].as_object()["labels"].as_object()["service.kubernetes.io/headless"] = "";
  return std::make_shared<const kube::json::object>(std::move(made));
}

/// A pod as the watch of its own node shows it; `pod` as in EndpointSpec.
inline kube::ObjectPtr ownPod(const std::string& pod, const std::string& ip) {
  const std::size_t slash = pod.find('/');
  return object(fmt::format(
      R"({{"metadata":{{"name":"{}","namespace":"default","uid":"{}","resourceVersion":"1"}},
          "status":{{"phase":"Running","podIP":"{}","podIPs":[{{"ip":"{}"}}]}}}})",
      pod.substr(0, slash), pod.substr(slash + 1), ip, ip));
}

inline watch::Update full(std::vector<kube::ObjectPtr> objects, std::uint64_t revision = 1) {
  watch::Update update{watch::Update::Kind::kFull, {}, revision};
  for (kube::ObjectPtr& item : objects) {
    update.changes.push_back({watch::ChangeType::kUpsert, std::move(item)});
  }
  return update;
}

inline watch::Update upsert(kube::ObjectPtr item, std::uint64_t revision) {
  return {
      watch::Update::Kind::kIncremental, {{watch::ChangeType::kUpsert, std::move(item)}}, revision};
}

inline watch::Update erased(kube::ObjectPtr item, std::uint64_t revision) {
  return {
      watch::Update::Kind::kIncremental, {{watch::ChangeType::kDelete, std::move(item)}}, revision};
}

}  // namespace hitless::testing
