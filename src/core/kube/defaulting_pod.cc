#include <initializer_list>

#include "core/kube/defaulting_rules.h"
#include "core/kube/qos.h"

namespace hitless::kube {
namespace {

template <class F>
void forEachObject(json::object& parent, std::string_view key, F each) {
  const auto it = parent.find(key);
  json::array* list = it == parent.end() ? nullptr : it->value().if_array();
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    if (json::object* object = (*list)[i].if_object()) {
      each(*object);
    }
  }
}

template <class F>
void forEachContainer(json::object& spec, F each) {
  for (const std::string_view list : {"initContainers", "containers", "ephemeralContainers"}) {
    forEachObject(spec, list, each);
  }
}

/// The tag, "latest" where there is neither tag nor digest, empty where there is only a digest.
std::string_view imageTag(std::string_view image) {
  if (image.find('@') != std::string_view::npos) {
    image = image.substr(0, image.find('@'));
    const std::string_view last = image.substr(image.rfind('/') + 1);
    const std::size_t colon = last.find(':');
    return colon == std::string_view::npos ? std::string_view{} : last.substr(colon + 1);
  }
  const std::string_view last = image.substr(image.rfind('/') + 1);
  const std::size_t colon = last.find(':');
  return colon == std::string_view::npos ? "latest" : last.substr(colon + 1);
}

void defaultPullPolicy(json::object& container) {
  if (!text(container, {"imagePullPolicy"}).empty()) {
    return;
  }
  const std::string_view image = text(container, {"image"});
  container["imagePullPolicy"] =
      !image.empty() && imageTag(image) == "latest" ? "Always" : "IfNotPresent";
}

void defaultVolume(json::object& volume) {
  if (volume.size() == 1 && volume.contains("name")) {
    volume["emptyDir"] = json::object{};
  }
}

void defaultRequests(json::object& container) {
  const json::object* limits = findObject(container, {"resources", "limits"});
  if (limits == nullptr) {
    return;
  }
  const json::object copy = *limits;
  json::object& requests = ensureObject(container, {"resources", "requests"});
  for (const auto& [resource, quantity] : copy) {
    requests.insert(json::key_value_pair(resource, quantity));
  }
}

void defaultHostPorts(json::object& container) {
  forEachObject(container, "ports", [](json::object& port) {
    if (const auto number = optionalInteger(port, {"containerPort"})) {
      if (integer(port, {"hostPort"}) == 0) {
        port["hostPort"] = *number;
      }
    }
  });
}

}  // namespace

void defaultPodSpec(json::object& spec) {
  forEachObject(spec, "volumes", defaultVolume);
  forEachContainer(spec, defaultPullPolicy);
  const json::string account(text(spec, {"serviceAccountName"}, text(spec, {"serviceAccount"})));
  if (!account.empty()) {
    spec["serviceAccountName"] = account;
    spec["serviceAccount"] = account;
  }
}

void defaultPod(json::object& pod) {
  json::object& spec = ensureObject(pod, {"spec"});
  defaultPodSpec(spec);
  forEachContainer(spec, defaultRequests);
  if (boolean(spec, {"hostNetwork"})) {
    forEachContainer(spec, defaultHostPorts);
  }
  if (!spec.contains("enableServiceLinks")) {
    spec["enableServiceLinks"] = true;
  }
  json::object& status = ensureObject(pod, {"status"});
  if (text(status, {"phase"}).empty()) {
    status["phase"] = "Pending";
  }
  if (text(status, {"qosClass"}).empty()) {
    status["qosClass"] = qosClass(spec);
  }
}

}  // namespace hitless::kube
