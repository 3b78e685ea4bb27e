#include "core/control/controllers/endpointslice.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/control/controllers/slice_layout.h"

namespace hitless::control {
namespace {

using kube::json::array;
using kube::json::object;
using kube::res::kEndpointSlices;
using kube::res::kServices;

object toJson(const kube::Endpoint& endpoint) {
  object out{{"addresses", array(endpoint.addresses.begin(), endpoint.addresses.end())},
             {"conditions",
              {{"ready", endpoint.ready},
               {"serving", endpoint.serving},
               {"terminating", endpoint.terminating}}},
             {"targetRef",
              {{"kind", endpoint.targetKind},
               {"namespace", endpoint.targetNamespace},
               {"name", endpoint.targetName},
               {"uid", endpoint.targetUid}}}};
  const auto put = [&out](std::string_view key, const std::string& value) {
    if (!value.empty()) {
      out.emplace(key, value);
    }
  };
  put("hostname", endpoint.hostname);
  put("nodeName", endpoint.nodeName);
  put("zone", endpoint.zone);
  return out;
}

object toJson(const kube::EndpointPort& port) {
  // API integers are signed; an unsigned one would be another kind of JSON value.
  object out{{"name", port.name}, {"protocol", port.protocol}, {"port", std::int64_t{port.port}}};
  if (!port.appProtocol.empty()) {
    out.emplace("appProtocol", port.appProtocol);
  }
  return out;
}

template <class T>
array toJson(const std::vector<T>& items) {
  array out;
  for (const T& item : items) {
    out.push_back(toJson(item));
  }
  return out;
}

/// The Service's labels, but those that say what the slice itself is.
kube::Labels labelsFor(const kube::Service& service) {
  kube::Labels labels = service.meta.labels;
  for (const std::string_view own : {kManagedByLabel, kube::kServiceNameLabel, kHeadless}) {
    labels.erase(std::string(own));
  }
  labels[std::string(kManagedByLabel)] = kSliceManager;
  labels[std::string(kube::kServiceNameLabel)] = service.meta.name;
  if (service.headless()) {
    labels[std::string(kHeadless)] = "";
  }
  return labels;
}

/// Turns `from` into `to` as a merge patch does.
object labelPatch(const kube::Labels& from, const kube::Labels& to) {
  object out = kube::toJson(to);
  for (const auto& [key, value] : from) {
    if (!to.contains(key)) {
      out.emplace(key, nullptr);
    }
  }
  return out;
}

class Writer {
 public:
  explicit Writer(const ServiceState& state)
      : state_(state), service_(*state.service), labels_(labelsFor(service_)) {
    std::string last;
    for (const Ref<kube::EndpointSlice>& slice : state.slices) {
      last = std::max(last, std::string(valueOf(slice->meta.annotations, kTriggerTime)));
    }
    trigger_ = triggerTime(state, last);
  }

  void write(SliceContent content, std::string_view addressType) {
    if (content.slice == nullptr) {
      create(content, addressType);
    } else if (content.changed() || content.slice->meta.labels != labels_) {
      update(content);
    }
  }

  void remove(const kube::EndpointSlice& slice) {
    deletions_.push_back(
        Delete{refTo(kEndpointSlices, slice.meta), {}, {}, failure("delete " + slice.meta.name)});
  }

  /// Removals last: an endpoint that moves is in two slices for a moment, never in none.
  Actions take() && {
    for (Action& deletion : deletions_) {
      writes_.push_back(std::move(deletion));
    }
    return std::move(writes_);
  }

 private:
  /// `what`: "create", "update web-x".
  Outcome failure(const std::string& what) const {
    return {refTo(kServices, service_.meta),
            "endpoint-slice-controller",
            "",
            "",
            "FailedToUpdateEndpointSlices",
            fmt::format("Error updating Endpoint Slices for Service {0}: failed to {1} "
                        "EndpointSlice for Service {0}: ",
                        service_.meta.key(), what)};
  }

  object annotations() const {
    return trigger_.empty() ? object{} : object{{kTriggerTime, trigger_}};
  }

  void create(const SliceContent& content, std::string_view addressType) {
    const auto owner = controllerReference(kServices, service_.meta);
    object metadata{{"generateName", service_.meta.name + "-"},
                    {"namespace", state_.ns},
                    {"labels", kube::toJson(labels_)},
                    {"annotations", annotations()},
                    {"ownerReferences", array{kube::toJson(owner)}}};
    writes_.push_back(Create{&kEndpointSlices,
                             {{"apiVersion", kEndpointSlices.apiVersion()},
                              {"kind", kEndpointSlices.kind},
                              {"metadata", std::move(metadata)},
                              {"addressType", addressType},
                              {"endpoints", toJson(content.endpoints)},
                              {"ports", toJson(content.ports)}},
                             failure("create")});
  }

  void update(const SliceContent& content) {
    const kube::ObjectMeta& meta = content.slice->meta;
    object metadata{{"labels", labelPatch(meta.labels, labels_)}, {"annotations", annotations()}};
    writes_.push_back(Patch{refTo(kEndpointSlices, meta),
                            "",
                            {{"metadata", std::move(metadata)},
                             {"endpoints", toJson(content.endpoints)},
                             {"ports", toJson(content.ports)}},
                            meta.resourceVersion,
                            failure("update " + meta.name)});
  }

  const ServiceState& state_;
  const kube::Service& service_;
  const kube::Labels labels_;
  std::string trigger_;
  Actions writes_;
  Actions deletions_;
};

bool ownedBy(const kube::EndpointSlice& slice, const kube::Service& service) {
  const kube::OwnerReference* owner = slice.meta.controller();
  return owner != nullptr && owner->uid == service.meta.uid;
}

}  // namespace

Actions reconcileSlices(const ServiceState& state) {
  if (state.service == nullptr || !isManaged(*state.service)) {
    return {};
  }
  Writer writer(state);
  std::vector<Ref<kube::EndpointSlice>> left = state.slices;
  std::erase_if(left, [](const auto& slice) { return slice->meta.terminating(); });
  for (const std::string& addressType : state.addressTypes) {
    std::vector<Ref<kube::EndpointSlice>> existing;
    std::erase_if(left, [&](const Ref<kube::EndpointSlice>& slice) {
      const bool usable = slice->addressType == addressType && ownedBy(*slice, *state.service);
      if (usable) {
        existing.push_back(slice);
      }
      return usable;
    });
    SliceLayout layout = layOut(desiredGroups(state, addressType), existing);
    for (SliceContent& content : layout.contents) {
      writer.write(std::move(content), addressType);
    }
    left.insert(left.end(), layout.surplus.begin(), layout.surplus.end());
  }
  for (const Ref<kube::EndpointSlice>& slice : left) {
    writer.remove(*slice);
  }
  return std::move(writer).take();
}

}  // namespace hitless::control
