#include "core/control/memory_store.h"

#include <fmt/format.h>

#include <algorithm>

namespace hitless::control {
namespace {

std::string describe(const kube::Resource& resource, std::string_view ns, std::string_view name) {
  return ns.empty() ? fmt::format("{} \"{}\"", resource.qualified(), name)
                    : fmt::format("{} \"{}/{}\"", resource.qualified(), ns, name);
}

}  // namespace

kube::ObjectPtr MemoryStore::get(const kube::Resource& resource, std::string_view ns,
                                 std::string_view name) const {
  const auto bucket = buckets_.find(&resource);
  if (bucket == buckets_.end()) {
    return nullptr;
  }
  const auto it = bucket->second.objects.find(KeyView{ns, name});
  return it == bucket->second.objects.end() ? nullptr : it->second.object;
}

std::vector<kube::ObjectPtr> MemoryStore::list(const kube::Resource& resource,
                                               std::string_view ns) const {
  std::vector<kube::ObjectPtr> out;
  const auto bucket = buckets_.find(&resource);
  if (bucket == buckets_.end()) {
    return out;
  }
  const auto& objects = bucket->second.objects;
  if (ns.empty()) {
    out.reserve(objects.size());
  }
  for (auto it = objects.lower_bound(KeyView{ns, {}});
       it != objects.end() && (ns.empty() || it->first.first == ns); ++it) {
    out.push_back(it->second.object);
  }
  return out;
}

Result<kube::ObjectPtr> MemoryStore::create(const kube::Resource& resource, std::string_view ns,
                                            std::string_view name, kube::json::object object) {
  Bucket& bucket = buckets_[&resource];
  if (bucket.objects.contains(KeyView{ns, name})) {
    return fail(ErrorKind::kConflict, describe(resource, ns, name) + " already exists");
  }
  kube::ObjectPtr stored = stamp(std::move(object));
  bucket.objects.emplace(Key{ns, name}, Stored{stored, revision_});
  commit(bucket, {revision_, EventType::kAdded, &resource, std::string(ns), std::string(name),
                  stored, nullptr});
  return stored;
}

Result<kube::ObjectPtr> MemoryStore::update(const kube::Resource& resource, std::string_view ns,
                                            std::string_view name, std::uint64_t expected,
                                            kube::json::object object) {
  Bucket& bucket = buckets_[&resource];
  const auto it = TRY(expect(bucket, resource, ns, name, expected));
  kube::ObjectPtr stored = stamp(std::move(object));
  kube::ObjectPtr previous = std::exchange(it->second.object, stored);
  it->second.revision = revision_;
  commit(bucket, {revision_, EventType::kModified, &resource, std::string(ns), std::string(name),
                  stored, std::move(previous)});
  return stored;
}

Result<kube::ObjectPtr> MemoryStore::remove(const kube::Resource& resource, std::string_view ns,
                                            std::string_view name, std::uint64_t expected) {
  Bucket& bucket = buckets_[&resource];
  const auto it = TRY(expect(bucket, resource, ns, name, expected));
  kube::ObjectPtr previous = std::move(it->second.object);
  bucket.objects.erase(it);
  kube::ObjectPtr last = stamp(*previous);
  commit(bucket, {revision_, EventType::kDeleted, &resource, std::string(ns), std::string(name),
                  last, std::move(previous)});
  return last;
}

Result<std::vector<StoreEvent>> MemoryStore::since(const kube::Resource& resource,
                                                   std::uint64_t revision) const {
  const auto it = buckets_.find(&resource);
  if (it == buckets_.end()) {
    return std::vector<StoreEvent>{};
  }
  const Bucket& bucket = it->second;
  if (revision < bucket.compacted) {
    return fail(ErrorKind::kNotFound,
                fmt::format("too old resource version: {} ({})", revision, bucket.compacted),
                "list again and watch from the list's resourceVersion");
  }
  const auto first = std::upper_bound(
      bucket.history.begin(), bucket.history.end(), revision,
      [](std::uint64_t wanted, const StoreEvent& event) { return wanted < event.revision; });
  return std::vector<StoreEvent>(first, bucket.history.end());
}

Store::Subscription MemoryStore::subscribe(Listener listener) {
  listeners_.emplace(nextSubscription_, std::make_shared<Listener>(std::move(listener)));
  return nextSubscription_++;
}

void MemoryStore::cancel(Subscription subscription) {
  listeners_.erase(subscription);
}

Result<std::map<MemoryStore::Key, MemoryStore::Stored, MemoryStore::KeyLess>::iterator>
MemoryStore::expect(Bucket& bucket, const kube::Resource& resource, std::string_view ns,
                    std::string_view name, std::uint64_t expected) {
  const auto it = bucket.objects.find(KeyView{ns, name});
  if (it == bucket.objects.end()) {
    return fail(ErrorKind::kNotFound, describe(resource, ns, name) + " not found");
  }
  if (it->second.revision != expected) {
    return fail(ErrorKind::kConflict,
                fmt::format("{} is at resourceVersion {}, not {}", describe(resource, ns, name),
                            it->second.revision, expected),
                "read it again and retry");
  }
  return it;
}

kube::ObjectPtr MemoryStore::stamp(kube::json::object object) {
  ++revision_;
  kube::ensureObject(object, {"metadata"})["resourceVersion"] = std::to_string(revision_);
  return std::make_shared<const kube::json::object>(std::move(object));
}

void MemoryStore::commit(Bucket& bucket, StoreEvent event) {
  bucket.history.push_back(event);
  order_.push_back(&bucket);
  while (order_.size() > historyLimit_) {
    forgetOldest();
  }
  notify(event);
}

void MemoryStore::forgetOldest() {
  Bucket& bucket = *order_.front();
  order_.pop_front();
  bucket.compacted = bucket.history.front().revision;
  bucket.history.pop_front();
}

void MemoryStore::notify(const StoreEvent& event) {
  std::vector<Subscription> ids;
  ids.reserve(listeners_.size());
  for (const auto& [id, listener] : listeners_) {
    ids.push_back(id);
  }
  for (const Subscription id : ids) {  // A listener may cancel itself or others.
    if (const auto it = listeners_.find(id); it != listeners_.end()) {
      const std::shared_ptr<Listener> keep = it->second;
      (*keep)(event);
    }
  }
}

}  // namespace hitless::control
