#include "app/proxy/route_source.h"

#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>

namespace hitless::app {
namespace {

/// What the table is not made from, and is much of an object.
std::vector<watch::FieldPath> unreadByRoutes(const kube::Resource& resource) {
  if (&resource == &kube::res::kServices || &resource == &kube::res::kNamespaces) {
    return {{"metadata", "ownerReferences"}, {"status"}};
  }
  if (&resource == &kube::res::kEndpointSlices) {
    return {{"metadata", "ownerReferences"}, {"metadata", "generateName"}};
  }
  return {};
}

sys::WatchTarget targetOf(const proxy::routing::RouteKindSource& kind) {
  sys::WatchTarget target;
  target.resource = kind.resource;
  target.optional = kind.optional;
  target.unread = unreadByRoutes(*kind.resource);
  if (kind.resource == &kube::res::kSecrets) {
    target.fieldSelector = "type=kubernetes.io/tls";
  }
  return target;
}

}  // namespace

RouteSource::RouteSource(Parts parts, Options options, Deliver deliver)
    : parts_(parts),
      options_(std::move(options)),
      deliver_(std::move(deliver)),
      book_(options_.compile),
      statuses_({parts.io, parts.client, parts.clock, book_},
                {options_.compile.controller, options_.addresses, {}}) {}

void RouteSource::start() {
  alive_ = std::make_shared<bool>(true);
  for (const proxy::routing::RouteKindSource& kind : proxy::routing::routeKinds()) {
    const kube::Resource& resource = *kind.resource;
    watchers_.push_back(sys::startWatch(
        parts_.io, parts_.client, parts_.clock, parts_.rng, targetOf(kind),
        [this, &resource](const watch::Update& update) { onUpdate(resource, update); }));
  }
}

void RouteSource::stop() {
  watchers_.clear();
  statuses_.stop();
  alive_.reset();
}

void RouteSource::onUpdate(const kube::Resource& resource, const watch::Update& update) {
  book_.apply(resource, update);
  listed_.insert(&resource);
  schedule();
}

void RouteSource::schedule() {
  if (scheduled_ || listed_.size() < proxy::routing::routeKinds().size()) {
    return;
  }
  scheduled_ = true;
  // What has already arrived comes with it.
  boost::asio::post(parts_.io, [this, alive = std::weak_ptr<bool>(alive_)] {
    if (!alive.expired()) {
      flush();
    }
  });
}

void RouteSource::flush() {
  scheduled_ = false;
  const proxy::routing::RouteBook::News news = book_.update();
  if (news.table || !delivered_) {
    delivered_ = true;
    deliver_(book_.table());
  }
  if (news.statuses) {
    warn();
    if (options_.writeStatus) {
      statuses_.write();
    }
  }
}

void RouteSource::warn() {
  for (const std::string& warning : book_.warnings()) {
    if (!warned_.contains(warning)) {
      spdlog::warn("{}", warning);
    }
  }
  warned_ = book_.warnings();
}

}  // namespace hitless::app
