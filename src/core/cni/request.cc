#include "core/cni/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/text.h"

namespace hitless::cni {
namespace {

namespace json = kube::json;

struct Name {
  std::string_view text;
  Operation operation;
};
constexpr Name kOperations[] = {{"ADD", Operation::kAdd},       {"DEL", Operation::kDel},
                                {"CHECK", Operation::kCheck},   {"GC", Operation::kGc},
                                {"STATUS", Operation::kStatus}, {"VERSION", Operation::kVersion}};

tl::unexpected<CniError> refuse(Code code, std::string message, std::string details = {}) {
  return tl::unexpected<CniError>({code, std::move(message), std::move(details)});
}

std::string_view valueOf(const Environment& environment, std::string_view name) {
  const auto it = environment.find(name);
  return it == environment.end() ? std::string_view() : std::string_view(it->second);
}

CniResult<Operation> operationOf(const Environment& environment) {
  const std::string_view asked = valueOf(environment, "CNI_COMMAND");
  const auto* const known = std::find_if(std::begin(kOperations), std::end(kOperations),
                                         [&](const Name& name) { return name.text == asked; });
  if (known == std::end(kOperations)) {
    return refuse(Code::kInvalidEnvironment,
                  asked.empty() ? "CNI_COMMAND is not set"
                                : fmt::format("CNI_COMMAND: there is no operation '{}'", asked),
                  "this is a CNI plugin: container runtimes call it "
                  "(https://github.com/containernetworking/cni/blob/main/SPEC.md)");
  }
  return known->operation;
}

/// One error or none.
using Check = CniResult<void>;

Check readArgs(std::string_view text, Request& request) {
  for (const std::string_view pair : split(text, ';')) {
    const std::size_t equals = pair.find('=');
    if (pair.empty()) {
      continue;
    }
    if (equals == std::string_view::npos) {
      return refuse(Code::kInvalidEnvironment,
                    fmt::format("CNI_ARGS: '{}' is not KEY=VALUE", pair));
    }
    const std::string_view key = pair.substr(0, equals);
    const std::string value(pair.substr(equals + 1));
    if (key == "K8S_POD_NAMESPACE") {
      request.podNamespace = value;
    } else if (key == "K8S_POD_NAME") {
      request.podName = value;
    } else if (key == "K8S_POD_UID") {
      request.podUid = value;
    }
  }
  if (request.podNamespace.empty() || request.podName.empty()) {
    return refuse(Code::kInvalidEnvironment,
                  "CNI_ARGS lacks K8S_POD_NAMESPACE or K8S_POD_NAME: this is no pod of Kubernetes",
                  "NetworkPolicies are about pods: leave hitless out of the configuration of "
                  "networks for other containers");
  }
  return {};
}

Check readOwnKeys(const json::object& config, Request& request) {
  if (const json::value* socket = config.if_contains("agentSocket")) {
    if (!socket->is_string() || socket->get_string().empty()) {
      return refuse(Code::kUnsupportedField,
                    fmt::format("agentSocket: {} is not a path", json::serialize(*socket)));
    }
    request.socket = socket->get_string();
  }
  if (const json::value* timeout = config.if_contains("timeout")) {
    const auto parsed = timeout->is_string() ? parseDuration(timeout->get_string()) : std::nullopt;
    if (!parsed || *parsed <= nanoseconds{}) {
      return refuse(Code::kUnsupportedField,
                    fmt::format("timeout: {} is not a duration", json::serialize(*timeout)),
                    R"(write it as "30s")");
    }
    request.timeout = *parsed;
  }
  return {};
}

/// Whether the interface that an address names is the container's; one without a sandbox is the
/// host's.
bool isOfContainer(const json::object& previous, const json::object& ip) {
  const auto index = kube::optionalInteger(ip, {"interface"});
  const json::array* interfaces = kube::findArray(previous, {"interfaces"});
  if (!index || interfaces == nullptr || *index < 0 ||
      static_cast<std::size_t>(*index) >= interfaces->size()) {
    return true;
  }
  const json::object* interface = (*interfaces)[static_cast<std::size_t>(*index)].if_object();
  return interface == nullptr || !kube::text(*interface, {"sandbox"}).empty();
}

Check readPrevious(const json::object& config, Request& request) {
  const json::object* previous = kube::findObject(config, {"prevResult"});
  if (previous == nullptr) {
    return {};
  }
  request.previous = *previous;
  const json::array* ips = kube::findArray(*previous, {"ips"});
  for (const json::value& item : ips == nullptr ? json::array() : *ips) {
    const json::object* ip = item.if_object();
    const auto cidr = ip == nullptr ? Result<Cidr>(invalid("no object"))
                                    : Cidr::parse(kube::text(*ip, {"address"}));
    if (!cidr) {
      return refuse(Code::kInvalidConfig,
                    fmt::format("prevResult.ips: {} has no address", json::serialize(item)));
    }
    if (isOfContainer(*previous, *ip)) {
      request.addresses.push_back(cidr->address);
    }
  }
  return {};
}

Check readValidContainers(const json::object& config, Request& request) {
  const json::array* attachments = kube::findArray(config, {"cni.dev/valid-attachments"});
  if (attachments == nullptr || request.network.empty()) {
    return refuse(Code::kInvalidConfig, "GC without name or cni.dev/valid-attachments",
                  "nothing was collected");
  }
  for (const json::value& item : *attachments) {
    const json::object* attachment = item.if_object();
    const std::string id(attachment == nullptr ? std::string_view()
                                               : kube::text(*attachment, {"containerID"}));
    if (id.empty()) {
      return refuse(
          Code::kInvalidConfig,
          fmt::format("cni.dev/valid-attachments: {} has no containerID", json::serialize(item)),
          "nothing was collected");
    }
    request.validContainers.insert(id);
  }
  return {};
}

CniResult<json::object> objectOf(std::string_view config) {
  auto parsed = kube::parseJson(config);
  if (!parsed) {
    return refuse(Code::kDecoding,
                  fmt::format("the network configuration is not JSON: {}", parsed.error().text()));
  }
  if (!parsed->is_object()) {
    return refuse(Code::kDecoding, "the network configuration is not a JSON object");
  }
  return std::move(parsed->get_object());
}

Check readVersion(const json::object& config, Request& request) {
  request.version = kube::text(config, {"cniVersion"});
  if (std::find(std::begin(kVersions), std::end(kVersions), request.version) ==
      std::end(kVersions)) {
    return refuse(Code::kIncompatibleVersion,
                  fmt::format("cniVersion: there is no support for '{}'", request.version),
                  fmt::format("supported are {}", fmt::join(kVersions, ", ")));
  }
  return {};
}

bool isAboutAContainer(Operation operation) {
  return operation == Operation::kAdd || operation == Operation::kDel ||
         operation == Operation::kCheck;
}

Check readContainer(const Environment& environment, const json::object& config, Request& request) {
  request.containerId = valueOf(environment, "CNI_CONTAINERID");
  if (request.containerId.empty()) {
    return refuse(Code::kInvalidEnvironment, "CNI_CONTAINERID is not set");
  }
  Check read = readArgs(valueOf(environment, "CNI_ARGS"), request);
  if (read) {
    read = readPrevious(config, request);
  }
  if (request.operation == Operation::kDel) {
    return {};  // What nobody could ask to be added is to be deleted all the same.
  }
  if (!read) {
    return read;
  }
  if (request.addresses.empty()) {
    return refuse(Code::kInvalidConfig, "prevResult has no address of the container",
                  "hitless must come after a plugin that gives the pod its address");
  }
  return {};
}

}  // namespace

CniResult<Request> requestOf(const Environment& environment, std::string_view config) {
  Request request;
  const auto operation = operationOf(environment);
  if (!operation) {
    return tl::unexpected(operation.error());
  }
  request.operation = *operation;
  if (request.operation == Operation::kVersion) {
    request.version = versionOf(config);
    return request;
  }
  const auto object = objectOf(config);
  if (!object) {
    return tl::unexpected(object.error());
  }
  Check read = readVersion(*object, request);
  if (read) {
    read = readOwnKeys(*object, request);
  }
  request.network = kube::text(*object, {"name"});
  if (read && request.operation == Operation::kGc) {
    read = readValidContainers(*object, request);
  }
  if (read && isAboutAContainer(request.operation)) {
    read = readContainer(environment, *object, request);
  }
  return read ? CniResult<Request>(std::move(request)) : tl::unexpected(read.error());
}

std::string versionOf(std::string_view config) {
  const auto parsed = kube::parseJson(config);
  const json::object* object = parsed ? parsed->if_object() : nullptr;
  std::string_view version =
      object == nullptr ? std::string_view() : kube::text(*object, {"cniVersion"});
  return std::string(version.empty() ? std::end(kVersions)[-1] : version);
}

}  // namespace hitless::cni
