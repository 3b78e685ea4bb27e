#include "core/cni/answer.h"

namespace hitless::cni {
namespace {

namespace json = kube::json;

/// Before 1.0.0 each address says which family it is of.
bool namesFamilies(const std::string& version) {
  return version.starts_with("0.");
}

void spellAddress(json::object& ip, bool nameFamily) {
  if (!nameFamily) {
    ip.erase("version");
    return;
  }
  const bool v6 = kube::text(ip, {"address"}).find(':') != std::string_view::npos;
  ip["version"] = v6 ? "6" : "4";
}

}  // namespace

std::string resultOf(const json::object& previous, const std::string& version) {
  json::object result = previous;
  result["cniVersion"] = version;
  if (json::value* ips = result.if_contains("ips"); ips != nullptr && ips->is_array()) {
    for (json::value& ip : ips->get_array()) {
      if (ip.is_object()) {
        spellAddress(ip.get_object(), namesFamilies(version));
      }
    }
  }
  return json::serialize(result);
}

std::string versionsOf(const std::string& version) {
  json::array supported;
  for (const std::string_view each : kVersions) {
    supported.emplace_back(each);
  }
  return json::serialize(
      json::object{{"cniVersion", version}, {"supportedVersions", std::move(supported)}});
}

std::string errorOf(const CniError& error, const std::string& version) {
  json::object out{
      {"cniVersion", version}, {"code", static_cast<int>(error.code)}, {"msg", error.message}};
  if (!error.details.empty()) {
    out["details"] = error.details;
  }
  return json::serialize(out);
}

}  // namespace hitless::cni
