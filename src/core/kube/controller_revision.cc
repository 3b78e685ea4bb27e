#include "core/kube/controller_revision.h"

namespace hitless::kube {

ControllerRevision controllerRevisionOf(const json::object& object) {
  const json::object* data = findObject(object, {"data"});
  return {metaOf(object), data == nullptr ? json::object{} : *data, integer(object, {"revision"})};
}

}  // namespace hitless::kube
