#include "app/proxy/route_file.h"

#include "core/proxy/routing/manifest.h"
#include "sys/files/files.h"

namespace hitless::app {

Status loadRouteFile(const std::string& path, proxy::routing::RouteBook& book) {
  const std::string text = TRY(sys::readFile(path));
  const auto objects = TRY(proxy::routing::manifestObjects(text, path));
  for (const proxy::routing::RouteKindSource& kind : proxy::routing::routeKinds()) {
    watch::Update update{watch::Update::Kind::kFull, {}, 1};
    for (const proxy::routing::ManifestObject& item : objects) {
      if (item.resource == kind.resource) {
        update.changes.push_back({watch::ChangeType::kUpsert, item.object});
      }
    }
    book.apply(*kind.resource, update);
  }
  book.update();
  return {};
}

}  // namespace hitless::app
