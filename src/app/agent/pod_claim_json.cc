#include "app/agent/pod_claim_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "core/kube/names.h"

namespace hitless::app {
namespace {

namespace json = kube::json;

struct Kind {
  ErrorKind kind;
  int status;
};
constexpr Kind kKinds[] = {{ErrorKind::kInvalid, 400},     {ErrorKind::kPermission, 403},
                           {ErrorKind::kNotFound, 404},    {ErrorKind::kConflict, 409},
                           {ErrorKind::kUnsupported, 501}, {ErrorKind::kUnavailable, 503},
                           {ErrorKind::kInternal, 500}};

Result<std::string> textOf(const json::object& object, const char* field, bool needed) {
  const json::value* value = object.if_contains(field);
  if (value == nullptr && !needed) {
    return std::string();
  }
  if (value == nullptr || !value->is_string() || (needed && value->get_string().empty())) {
    return invalid(fmt::format("\"{}\" must be a text", field));
  }
  return std::string(value->get_string());
}

Result<json::object> objectOf(const std::string& text) {
  json::value parsed = TRY(kube::parseJson(text));
  if (!parsed.is_object()) {
    return invalid("the request is not a JSON object");
  }
  return std::move(parsed.get_object());
}

Result<std::vector<IpAddress>> addressesOf(const json::object& object) {
  std::vector<IpAddress> addresses;
  const json::value* value = object.if_contains("addresses");
  if (value == nullptr) {
    return addresses;
  }
  if (!value->is_array()) {
    return invalid("\"addresses\" must be a list");
  }
  for (const json::value& item : value->get_array()) {
    const auto address = item.is_string() ? IpAddress::parse(item.get_string()) : std::nullopt;
    if (!address) {
      return invalid(fmt::format("\"addresses\": {} is no IP address", json::serialize(item)));
    }
    addresses.push_back(*address);
  }
  return addresses;
}

}  // namespace

json::object toJson(const PodRequest& request) {
  json::array addresses;
  for (const IpAddress& address : request.claim.addresses) {
    addresses.emplace_back(address.text());
  }
  return {{"namespace", request.claim.ns}, {"name", request.claim.name},
          {"uid", request.claim.uid},      {"sandbox", request.sandbox},
          {"network", request.network},    {"addresses", std::move(addresses)}};
}

std::string jsonOf(const PodRequest& request) {
  return json::serialize(toJson(request));
}

Result<PodRequest> podRequestOf(const std::string& text) {
  const json::object object = TRY(objectOf(text));
  PodRequest request;
  request.claim.ns = TRY(textOf(object, "namespace", true));
  request.claim.name = TRY(textOf(object, "name", true));
  for (const std::string& name : {request.claim.ns, request.claim.name}) {
    if (const auto wrong = kube::dnsSubdomainError(name)) {
      return invalid(fmt::format("\"{}\" is no name: {}", name, *wrong));
    }
  }
  request.claim.uid = TRY(textOf(object, "uid", false));
  request.sandbox = TRY(textOf(object, "sandbox", false));
  request.network = TRY(textOf(object, "network", false));
  request.claim.addresses = TRY(addressesOf(object));
  return request;
}

std::string jsonOf(const ValidSandboxes& valid) {
  json::array sandboxes;
  for (const std::string& sandbox : valid.sandboxes) {
    sandboxes.emplace_back(sandbox);
  }
  return json::serialize(
      json::object{{"network", valid.network}, {"sandboxes", std::move(sandboxes)}});
}

Result<ValidSandboxes> validSandboxesOf(const std::string& text) {
  const json::object object = TRY(objectOf(text));
  ValidSandboxes valid;
  valid.network = TRY(textOf(object, "network", true));
  const json::array* sandboxes = kube::findArray(object, {"sandboxes"});
  if (sandboxes == nullptr) {
    return invalid("\"sandboxes\" must be a list");
  }
  for (const json::value& item : *sandboxes) {
    if (!item.is_string()) {
      return invalid(fmt::format("\"sandboxes\": {} is no text", json::serialize(item)));
    }
    valid.sandboxes.emplace(item.get_string());
  }
  return valid;
}

DoorAnswer doorAnswerOf(const Status& status) {
  if (status) {
    return {200, "{}"};
  }
  const Error& error = status.error();
  const auto* const kind = std::find_if(std::begin(kKinds), std::end(kKinds),
                                        [&](const Kind& k) { return k.kind == error.kind; });
  const std::string message =
      error.subject.empty() ? error.message : fmt::format("{}: {}", error.subject, error.message);
  return {kind == std::end(kKinds) ? 500 : kind->status,
          json::serialize(json::object{{"error", message}, {"hint", error.hint}})};
}

Status statusOf(const DoorAnswer& answer) {
  if (answer.status == 200) {
    return {};
  }
  const auto* const kind = std::find_if(std::begin(kKinds), std::end(kKinds),
                                        [&](const Kind& k) { return k.status == answer.status; });
  const auto parsed = kube::parseJson(answer.body);
  const json::object* object = parsed ? parsed->if_object() : nullptr;
  std::string message(object == nullptr ? std::string_view() : kube::text(*object, {"error"}));
  if (message.empty()) {
    message = fmt::format("the agent answered with HTTP status {}", answer.status);
  }
  return fail(kind == std::end(kKinds) ? ErrorKind::kInternal : kind->kind, std::move(message),
              std::string(object == nullptr ? std::string_view() : kube::text(*object, {"hint"})));
}

}  // namespace hitless::app
