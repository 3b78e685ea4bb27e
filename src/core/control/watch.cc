#include "core/control/watch.h"

#include <fmt/format.h>

#include "core/control/identity.h"

namespace hitless::control {
namespace {

namespace json = kube::json;

constexpr std::string_view typeName(EventType type) {
  switch (type) {
    case EventType::kAdded:
      return "ADDED";
    case EventType::kModified:
      return "MODIFIED";
    case EventType::kDeleted:
      return "DELETED";
  }
  return "ERROR";
}

std::string line(std::string_view type, std::string_view object) {
  return fmt::format("{{\"type\":\"{}\",\"object\":{}}}\n", type, object);
}

/// What an event is to a watcher who sees only some objects; nullopt: nothing.
std::optional<EventType> seenAs(const Selection& selection, const StoreEvent& event) {
  const bool before = event.previous != nullptr && selection.matches(*event.previous);
  if (event.type == EventType::kDeleted) {
    return before ? std::optional(EventType::kDeleted) : std::nullopt;
  }
  const bool now = selection.matches(*event.object);
  if (before != now) {
    return now ? EventType::kAdded : EventType::kDeleted;
  }
  return now ? std::optional(EventType::kModified) : std::nullopt;
}

/// The state that the watcher knew, with the revision at which it lost sight of it.
kube::ObjectPtr lastSeen(const StoreEvent& event) {
  json::object last = *event.previous;
  kube::ensureObject(last, {"metadata"})["resourceVersion"] = std::to_string(event.revision);
  return std::make_shared<const json::object>(std::move(last));
}

}  // namespace

bool Selection::matches(const json::object& object) const {
  if ((!ns.empty() && namespaceOf(object) != ns) || (!name.empty() && nameOf(object) != name)) {
    return false;
  }
  if (!labels.empty() &&
      !kube::matches(labels, kube::labelsOf(kube::findObject(object, {"metadata", "labels"})))) {
    return false;
  }
  return fields.empty() || fields.matches(object);
}

std::string render(const Rendering& rendering, const kube::Resource& resource,
                   const kube::ObjectPtr& object, WallTime now, bool withColumns) {
  switch (rendering.shape) {
    case Shape::kTable:
      return json::serialize(kube::tableOf(resource, {object}, revisionOf(*object), now,
                                           withColumns, rendering.include));
    case Shape::kPartialMetadata: {
      json::object partial{{"kind", "PartialObjectMetadata"}, {"apiVersion", "meta.k8s.io/v1"}};
      if (const json::value* meta = object->if_contains("metadata")) {
        partial["metadata"] = *meta;
      }
      return json::serialize(partial);
    }
    case Shape::kObject:
      break;
  }
  return json::serialize(*object);
}

const std::string& EncodedEvent::line(EventType type) {
  std::string& cached = lines_[static_cast<std::size_t>(type)];
  if (cached.empty()) {
    cached = control::line(typeName(type), json::serialize(*event_.object));
  }
  return cached;
}

Watch::Watch(const Store& store, const Clock& clock, Options options)
    : store_(store), clock_(clock), options_(std::move(options)) {}

std::string Watch::begin() {
  if (options_.fromNow || options_.sendInitialEvents) {
    return initialState();
  }
  return catchUp();
}

std::string Watch::initialState() {
  std::string out;
  for (const auto& object : store_.list(resource(), options_.selection.ns)) {
    if (options_.selection.matches(*object)) {
      out += encode(EventType::kAdded, object);
    }
  }
  if (options_.sendInitialEvents) {
    out += bookmarkLine(true);
  }
  return out;
}

std::string Watch::catchUp() {
  // A revision from the future belongs to another life of this cluster: the client must list again.
  if (options_.revision > store_.revision()) {
    return expiredLine(
        fmt::format("too old resource version: {} ({})", options_.revision, store_.revision()));
  }
  const auto events = store_.since(resource(), options_.revision);
  if (!events) {
    return expiredLine(events.error().message);
  }
  std::string out;
  for (const StoreEvent& event : *events) {
    EncodedEvent encoded(event);
    out += onEvent(encoded);
  }
  return out;
}

std::string Watch::onEvent(EncodedEvent& encoded) {
  const StoreEvent& event = encoded.event();
  const Selection& selection = options_.selection;
  if (event.resource != selection.resource || (!selection.ns.empty() && selection.ns != event.ns) ||
      (!selection.name.empty() && selection.name != event.name)) {
    return {};
  }
  const auto type = seenAs(selection, event);
  if (!type) {
    return {};
  }
  if (*type == EventType::kDeleted && event.type != EventType::kDeleted) {
    return encode(*type, lastSeen(event));
  }
  if (options_.rendering.shape == Shape::kObject) {
    return encoded.line(*type);
  }
  return encode(*type, event.object);
}

std::string Watch::encode(EventType type, const kube::ObjectPtr& object) {
  const bool columns = !std::exchange(columnsSent_, true);
  return line(typeName(type),
              render(options_.rendering, resource(), object, clock_.wall(), columns));
}

std::string Watch::bookmark() const {
  return bookmarkLine(false);
}

std::string Watch::bookmarkLine(bool endOfInitialEvents) const {
  json::object meta{{"resourceVersion", std::to_string(store_.revision())},
                    {"creationTimestamp", nullptr}};
  if (endOfInitialEvents) {
    meta["annotations"] = json::object{{"k8s.io/initial-events-end", "true"}};
  }
  json::object object;
  switch (options_.rendering.shape) {
    case Shape::kTable:
      object = kube::tableOf(resource(), {}, store_.revision(), clock_.wall(), false,
                             options_.rendering.include);
      object["metadata"] = std::move(meta);
      break;
    case Shape::kPartialMetadata:
      object = {{"kind", "PartialObjectMetadata"},
                {"apiVersion", "meta.k8s.io/v1"},
                {"metadata", std::move(meta)}};
      break;
    case Shape::kObject:
      object = {{"kind", json::string(resource().kind)},
                {"apiVersion", resource().apiVersion()},
                {"metadata", std::move(meta)}};
      break;
  }
  return line("BOOKMARK", json::serialize(object));
}

std::string Watch::expiredLine(const std::string& message) {
  ended_ = true;
  return line("ERROR", json::serialize(statusOf(expired(message))));
}

}  // namespace hitless::control
