#include <fmt/format.h>

#include "base/text.h"
#include "core/control/api_handlers.h"
#include "core/control/identity.h"
#include "core/kube/kept_only.h"

namespace hitless::control {
namespace {

namespace json = kube::json;

/// How long a watch without timeoutSeconds lives: half an hour to an hour, so that clients do not
/// all come back at once (kube-apiserver's --min-request-timeout).
constexpr std::int64_t kMinWatchSeconds = 1800;

Reply watchReply(const Call& call, Selection selection) {
  const Query& query = call.request.query;
  const Revision revision = API_TRY(revisionParameter(query));
  Watch::Options options;
  options.rendering = API_TRY(renderingOf(call.request));
  options.sendInitialEvents = query.flag("sendInitialEvents");
  const std::string_view match = query.get("resourceVersionMatch");
  if (options.sendInitialEvents && match != "NotOlderThan") {
    return badListOption(
        "resourceVersionMatch",
        "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
  }
  if (!match.empty() && !query.has("sendInitialEvents")) {
    return badListOption(
        "resourceVersionMatch",
        "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is "
        "provided");
  }
  if (options.sendInitialEvents && revision.number > call.registry.store().revision()) {
    return refuse(tooLargeRevision(revision.number, call.registry.store().revision()));
  }
  options.selection = std::move(selection);
  options.bookmarks = query.flag("allowWatchBookmarks");
  options.fromNow = revision.number == 0;
  options.revision = revision.number;
  const std::int64_t asked = query.integer("timeoutSeconds").value_or(0);
  options.timeout =
      seconds{asked > 0 ? std::min<std::int64_t>(asked, 7 * 24 * 3600)
                        : kMinWatchSeconds + static_cast<std::int64_t>(
                                                 call.registry.rng().below(kMinWatchSeconds))};
  return std::make_unique<Watch>(call.registry.store(), call.registry.clock(), std::move(options));
}

}  // namespace

ApiResult<Revision> revisionParameter(const Query& query) {
  const std::string text(query.get("resourceVersion"));
  if (text.empty()) {
    return Revision{};
  }
  const auto number = parseUint(text);
  if (!number) {
    return refuse(ApiError{500,
                           "",
                           fmt::format("resourceVersion: Invalid value: \"{}\": strconv.ParseUint: "
                                       "parsing \"{}\": invalid syntax",
                                       text, text),
                           {}});
  }
  return Revision{*number, true};
}

ApiStatus checkFresh(const Store& store, const Revision& revision) {
  if (revision.number > store.revision()) {
    return refuse(tooLargeRevision(revision.number, store.revision()));
  }
  return {};
}

tl::unexpected<ApiError> badListOption(std::string field, std::string message) {
  return refuse(invalidObject("meta.k8s.io", "ListOptions", "",
                              {{"FieldValueForbidden", std::move(field), std::move(message)}}));
}

ApiResponse jsonResponse(int status, const json::object& object) {
  return ApiResponse{status, "application/json", json::serialize(object) + "\n", {}};
}

ApiResult<Rendering> renderingOf(const ApiRequest& request) {
  Rendering rendering;
  rendering.shape = API_TRY(negotiate(request.accept));
  const std::string_view include = request.query.get("includeObject");
  rendering.include = include == "None"     ? kube::IncludeObject::kNone
                      : include == "Object" ? kube::IncludeObject::kObject
                                            : kube::IncludeObject::kMetadata;
  return rendering;
}

Reply objectResponse(const Call& call, int status, const kube::ObjectPtr& object,
                     std::vector<std::string> warnings) {
  const Rendering rendering = API_TRY(renderingOf(call.request));
  const WallTime now = call.registry.clock().wall();
  if (const auto notice = kube::keptOnly(*call.target.resource); status == 201 && !notice.empty()) {
    warnings.emplace_back(notice);
  }
  return ApiResponse{status, "application/json",
                     render(rendering, *call.target.resource, object, now, true) + "\n",
                     std::move(warnings)};
}

ApiResult<Selection> selectionOf(const Call& call) {
  Selection selection;
  selection.resource = call.target.resource;
  selection.ns = call.target.ns;
  selection.name = call.target.name;
  auto labels = kube::parseLabelSelector(call.request.query.get("labelSelector"));
  if (!labels) {
    return refuse(badRequest(labels.error().message));
  }
  auto fields =
      kube::parseFieldSelector(*selection.resource, call.request.query.get("fieldSelector"));
  if (!fields) {
    return refuse(badRequest(fields.error().message));
  }
  selection.labels = *std::move(labels);
  selection.fields = *std::move(fields);
  return selection;
}

Reply listOrWatch(const Call& call) {
  Selection selection = API_TRY(selectionOf(call));
  return call.request.query.flag("watch") ? watchReply(call, std::move(selection))
                                          : listReply(call, selection);
}

Reply readObject(const Call& call) {
  if (call.request.query.flag("watch")) {
    return watchReply(call, API_TRY(selectionOf(call)));
  }
  const Revision revision = API_TRY(revisionParameter(call.request.query));
  API_TRY_VOID(checkFresh(call.registry.store(), revision));
  const Target& target = call.target;
  const kube::ObjectPtr object =
      call.registry.store().get(*target.resource, target.ns, target.name);
  if (object == nullptr) {
    return refuse(notFound(*target.resource, target.name));
  }
  return objectResponse(call, 200, object);
}

}  // namespace hitless::control
