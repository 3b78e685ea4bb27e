#include <fmt/format.h>

#include <map>

#include "core/control/api_handlers.h"
#include "core/control/continue_token.h"
#include "core/control/identity.h"

/// Lists, whole and in pages.
namespace hitless::control {
namespace {

namespace json = kube::json;

using Key = std::pair<std::string, std::string>;

Key keyOf(const json::object& object) {
  return {std::string(namespaceOf(object)), std::string(nameOf(object))};
}

/// The collection as it was at an older revision: today's, with the changes since taken back.
/// Nothing if the history does not reach back that far.
std::optional<std::vector<kube::ObjectPtr>> listAt(const Store& store,
                                                   const kube::Resource& resource,
                                                   const std::string& ns, std::uint64_t revision) {
  if (revision == store.revision()) {
    return store.list(resource, ns);
  }
  std::map<Key, kube::ObjectPtr> objects;
  for (const kube::ObjectPtr& object : store.list(resource, ns)) {
    objects[keyOf(*object)] = object;
  }
  const auto events = store.since(resource, revision);
  if (!events) {
    return std::nullopt;
  }
  for (auto event = events->rbegin(); event != events->rend(); ++event) {
    if (!ns.empty() && event->ns != ns) {
      continue;
    }
    if (event->previous == nullptr) {
      objects.erase({event->ns, event->name});
    } else {
      objects[{event->ns, event->name}] = event->previous;
    }
  }
  std::vector<kube::ObjectPtr> out;
  for (auto& [key, object] : objects) {
    out.push_back(std::move(object));
  }
  return out;
}

/// Where a list begins and as of when.
struct Position {
  std::uint64_t revision = 0;
  bool exact = false;  ///< The collection as it was then, not as it is.
  std::optional<ContinueToken> after;
};

/// The rules of apimachinery/pkg/apis/meta/internalversion/validation for lists.
ApiStatus checkOptions(const Query& query, const Revision& revision) {
  const std::string_view match = query.get("resourceVersionMatch");
  if (query.has("sendInitialEvents")) {
    return badListOption("sendInitialEvents", "Forbidden: sendInitialEvents is forbidden for list");
  }
  if (match.empty()) {
    return {};
  }
  if (!query.get("continue").empty()) {
    return badListOption("resourceVersionMatch",
                         "Forbidden: resourceVersionMatch is forbidden when continue is provided");
  }
  if (!revision.given) {
    return badListOption(
        "resourceVersionMatch",
        "Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided");
  }
  if (match == "Exact" && revision.number == 0) {
    return badListOption("resourceVersionMatch",
                         "Forbidden: resourceVersionMatch \"exact\" is forbidden for "
                         "resourceVersion \"0\"");
  }
  return {};
}

ApiResult<Position> positionOf(const Call& call, std::int64_t limit) {
  const Store& store = call.registry.store();
  const Query& query = call.request.query;
  const Revision revision = API_TRY(revisionParameter(query));
  API_TRY_VOID(checkOptions(query, revision));
  Position position;
  position.revision = store.revision();
  if (const std::string_view text = query.get("continue"); !text.empty()) {
    if (revision.number != 0) {
      return refuse(badRequest("specifying resource version is not allowed when using continue"));
    }
    position.after = API_TRY(ContinueToken::decode(text));
    position.exact = position.after->revision > 0;
    if (position.exact) {
      position.revision = static_cast<std::uint64_t>(position.after->revision);
    }
    return position;
  }
  API_TRY_VOID(checkFresh(store, revision));
  const std::string_view match = query.get("resourceVersionMatch");
  // A page at a revision without a match is an exact one, for clients older than the parameter.
  position.exact = revision.number != 0 && (match == "Exact" || (match.empty() && limit > 0));
  if (position.exact) {
    position.revision = revision.number;
  }
  return position;
}

/// The 410 for a list that went on for too long: the rest can be had, but not as of then.
ApiError tooOld(const Position& position) {
  if (!position.after) {
    return expired("The resourceVersion for the provided list is too old.");
  }
  ApiError error = expired(
      "The provided continue parameter is too old to display a consistent list result. You can "
      "start a new list without the continue parameter, or use the continue token in this response "
      "to retrieve the remainder of the results. Continuing with the provided token results in an "
      "inconsistent list - objects that were created, modified, or deleted between the time the "
      "first chunk was returned and now may show up in the list.");
  ContinueToken inconsistent = *position.after;
  inconsistent.revision = -1;
  error.continueToken = inconsistent.encode();
  return error;
}

json::object metaOf(const ListMeta& meta) {
  json::object out{{"resourceVersion", std::to_string(meta.revision)}};
  if (!meta.continueToken.empty()) {
    out.emplace("continue", meta.continueToken);
  }
  if (meta.remaining) {
    out.emplace("remainingItemCount", *meta.remaining);
  }
  return out;
}

/// Cuts the objects off after `limit` and says where the next page begins.
ListMeta cut(std::vector<kube::ObjectPtr>& objects, std::size_t limit, std::uint64_t revision,
             const Selection& selection) {
  ListMeta meta{revision};
  if (limit == 0 || objects.size() <= limit) {
    return meta;
  }
  // With a selector kube-apiserver would have to read on to know.
  if (selection.labels.empty() && selection.fields.empty()) {
    meta.remaining = objects.size() - limit;
  }
  objects.resize(limit);
  const auto [ns, name] = keyOf(*objects.back());
  meta.continueToken = ContinueToken{static_cast<std::int64_t>(revision), ns, name}.encode();
  return meta;
}

}  // namespace

Reply listReply(const Call& call, const Selection& selection) {
  const Store& store = call.registry.store();
  const Query& query = call.request.query;
  const Rendering rendering = API_TRY(renderingOf(call.request));
  // resourceVersion 0 asks for what a cache has, and that is all of it.
  const std::int64_t limit =
      query.get("resourceVersion") == "0" ? 0 : query.integer("limit").value_or(0);
  const Position position = API_TRY(positionOf(call, limit));
  auto objects = position.exact
                     ? listAt(store, *selection.resource, selection.ns, position.revision)
                     : store.list(*selection.resource, selection.ns);
  if (!objects || position.revision > store.revision()) {
    return refuse(tooOld(position));
  }
  std::erase_if(*objects, [&](const kube::ObjectPtr& object) {
    return (position.after && keyOf(*object) <= Key(position.after->ns, position.after->name)) ||
           !selection.matches(*object);
  });
  const ListMeta meta = cut(*objects, static_cast<std::size_t>(std::max<std::int64_t>(limit, 0)),
                            position.revision, selection);
  return ApiResponse{
      200,
      "application/json",
      listBody(rendering, *selection.resource, *objects, meta, call.registry.clock().wall()),
      {}};
}

std::string listBody(const Rendering& rendering, const kube::Resource& resource,
                     const std::vector<kube::ObjectPtr>& objects, const ListMeta& meta,
                     WallTime now) {
  if (rendering.shape == Shape::kTable) {
    json::object table =
        kube::tableOf(resource, objects, meta.revision, now, true, rendering.include);
    table["metadata"] = metaOf(meta);
    return json::serialize(table) + "\n";
  }
  const bool partial = rendering.shape == Shape::kPartialMetadata;
  std::string body = fmt::format(
      "{{\"kind\":\"{}List\",\"apiVersion\":\"{}\",\"metadata\":{},\"items\":[",
      partial ? "PartialObjectMetadata" : resource.kind,
      partial ? "meta.k8s.io/v1" : resource.apiVersion(), json::serialize(metaOf(meta)));
  for (const kube::ObjectPtr& object : objects) {
    if (body.back() != '[') {
      body += ',';
    }
    body += render(rendering, resource, object, now, true);
  }
  return body + "]}\n";
}

}  // namespace hitless::control
