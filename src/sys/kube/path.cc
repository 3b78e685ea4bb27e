#include <fmt/format.h>

#include "core/kube/http_status.h"
#include "sys/kube/client.h"

namespace hitless::sys {

std::string pathOf(const kube::Resource& resource, std::string_view ns, std::string_view name,
                   std::string_view subresource) {
  std::string path = resource.group.empty()
                         ? fmt::format("/api/{}", resource.version)
                         : fmt::format("/apis/{}/{}", resource.group, resource.version);
  if (resource.namespaced && !ns.empty()) {
    path += fmt::format("/namespaces/{}", ns);
  }
  path += fmt::format("/{}", resource.plural);
  if (!name.empty()) {
    path += fmt::format("/{}", name);
  }
  if (!subresource.empty()) {
    path += fmt::format("/{}", subresource);
  }
  return path;
}

Result<kube::json::object> objectOf(const HttpResponse& response) {
  Result<kube::json::value> parsed = kube::parseJson(response.body);
  const kube::json::object* object = parsed ? parsed->if_object() : nullptr;
  if (response.status / 100 == 2) {
    if (object == nullptr) {
      return fail(ErrorKind::kInternal, "the API server's answer is not a JSON object");
    }
    return std::move(parsed->get_object());
  }
  std::string message(object == nullptr ? std::string_view{} : kube::text(*object, {"message"}));
  if (message.empty()) {
    message = fmt::format("the API server answered {}: {}", response.status,
                          response.body.substr(0, 200));
  }
  return fail(kube::errorKindOf(response.status), std::move(message));
}

}  // namespace hitless::sys
