#include "core/control/manager.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace hitless::control {
namespace {

const std::optional<Outcome>* outcomeOf(const Action& action) {
  if (const auto* create = std::get_if<Create>(&action)) {
    return &create->outcome;
  }
  if (const auto* patch = std::get_if<Patch>(&action)) {
    return &patch->outcome;
  }
  if (const auto* deletion = std::get_if<Delete>(&action)) {
    return &deletion->outcome;
  }
  return nullptr;
}

/// The name to report: what the API server made of generateName, else what was asked for.
std::string nameOf(const Action& action, const kube::ObjectPtr& result) {
  if (result != nullptr) {
    return std::string(kube::text(*result, {"metadata", "name"}));
  }
  const auto* deletion = std::get_if<Delete>(&action);
  return deletion == nullptr ? std::string() : deletion->object.name;
}

/// A deletion that somebody else did is done; an Event that cannot be told must not hold up work.
bool isHarmless(const Action& action, const Error& error) {
  return (std::holds_alternative<Delete>(action) && error.kind == ErrorKind::kNotFound) ||
         std::holds_alternative<EmitEvent>(action);
}

bool writesSlice(const Action& action) {
  const auto* create = std::get_if<Create>(&action);
  const auto* patch = std::get_if<Patch>(&action);
  return (create != nullptr && create->resource == &kube::res::kEndpointSlices) ||
         (patch != nullptr && patch->object.resource == &kube::res::kEndpointSlices);
}

}  // namespace

Manager::Manager(Store& store, ActionSink& sink, timeline::Sink& timeline, const Clock& clock,
                 Rng& rng, ManagerOptions options, std::function<void()> wake)
    : store_(store),
      sink_(sink),
      timeline_(timeline),
      clock_(clock),
      rng_(rng),
      options_(std::move(options)),
      wake_(std::move(wake)),
      queue_(clock) {}

Manager::~Manager() {
  if (subscription_) {
    store_.cancel(*subscription_);
  }
}

void Manager::start() {
  subscription_ = store_.subscribe([this](const StoreEvent& event) { onStoreEvent(event); });
  for (const kube::Resource& resource : kube::resources()) {
    for (const kube::ObjectPtr& object : store_.list(resource, "")) {
      const kube::ObjectMeta meta = kube::metaOf(*object);
      onStoreEvent({meta.resourceVersion, EventType::kAdded, &resource, meta.ns, meta.name, object,
                    nullptr});
    }
  }
}

void Manager::onStoreEvent(const StoreEvent& event) {
  const Change change = cache_.apply(event, clock_.wall());
  const auto before = queue_.nextWake();
  Keys keys;
  for (std::size_t row = 0; row < controllers().size(); ++row) {
    keys.clear();
    controllers()[row].concerns(change, cache_, keys);
    for (std::string& key : keys) {
      WorkItem item{row, std::move(key)};
      if (current_ == nullptr || *current_ != item) {
        enqueue(std::move(item));
      } else if (!change.slice.any()) {  // The slice controller's own writes tell it nothing new.
        touchedItself_ = true;
      }
    }
  }
  if (!running_ && queue_.nextWake() != before) {
    wake_();
  }
}

void Manager::enqueue(WorkItem item) {
  const EndpointLag& lag = options_.endpointLag;
  if (item.controller != endpointSliceController()) {
    queue_.add(std::move(item));
    return;
  }
  nanoseconds delay = lag.delay;
  if (lag.jitter.count() > 0) {
    delay += nanoseconds(rng_.below(static_cast<std::uint64_t>(lag.jitter.count())));
  }
  queue_.addAfter(std::move(item), delay);
}

bool Manager::runSome(std::size_t count) {
  running_ = true;
  for (std::size_t i = 0; i < count; ++i) {
    const auto item = queue_.take();
    if (!item) {
      break;
    }
    process(*item);
  }
  running_ = false;
  const auto next = queue_.nextWake();
  return next && *next <= clock_.mono();
}

void Manager::process(const WorkItem& item) {
  const auto failed = failures_.find(item);
  const View view{cache_, store_, options_, clock_.wall(),
                  failed == failures_.end() ? nullptr : &failed->second};
  const Actions actions = controllers()[item.controller].reconcile(item.key, view);
  if (staleByLag(item, actions)) {
    return;
  }
  current_ = &item;
  touchedItself_ = false;
  const bool done = std::all_of(actions.begin(), actions.end(),
                                [&](const Action& action) { return perform(item, action); });
  current_ = nullptr;
  if (done) {
    failures_.erase(item);
    queue_.succeeded(item);
    if (touchedItself_) {
      enqueue(item);
    }
  } else {
    queue_.retry(item);
  }
}

bool Manager::staleByLag(const WorkItem& item, const Actions& actions) {
  const EndpointLag& lag = options_.endpointLag;
  const auto written = sliceWrites_.find(item.key);
  if (item.controller != endpointSliceController() || written == sliceWrites_.end() ||
      written->second + lag.conflictWindow <= clock_.mono()) {
    return false;
  }
  const auto write = std::find_if(actions.begin(), actions.end(), writesSlice);
  if (write == actions.end()) {
    return false;
  }
  if (const auto* patch = std::get_if<Patch>(&*write); patch != nullptr && patch->outcome) {
    const Error conflict{ErrorKind::kConflict,
                         fmt::format("Operation cannot be fulfilled on {} \"{}\": the object has "
                                     "been modified; please apply your changes to the latest "
                                     "version and try again",
                                     kube::res::kEndpointSlices.qualified(), patch->object.name),
                         {},
                         {},
                         0};
    report(*patch->outcome, {}, &conflict);
  }
  queue_.addAfter(item, lag.conflictRetry);
  return true;
}

bool Manager::perform(const WorkItem& item, const Action& action) {
  if (const auto* requeue = std::get_if<Requeue>(&action)) {
    queue_.addAfter(item, requeue->after);
    return true;
  }
  const Result<kube::ObjectPtr> result = sink_.execute(action);
  const std::optional<Outcome>* outcome = outcomeOf(action);
  if (!result && !isHarmless(action, result.error())) {
    const bool ofPods =
        std::holds_alternative<Create>(action) || std::holds_alternative<Delete>(action);
    failures_[item] = {result.error().kind, result.error().message, ofPods};
    if (outcome != nullptr && *outcome) {
      report(**outcome, {}, &result.error());
    }
    return false;
  }
  if (!result) {
    return true;
  }
  if (outcome != nullptr && *outcome) {
    report(**outcome, nameOf(action, *result), nullptr);
  }
  if (writesSlice(action) && *result != nullptr) {
    recordSlice(**result, item);
  }
  return true;
}

void Manager::report(const Outcome& outcome, std::string_view name, const Error* error) {
  if (error == nullptr && !outcome.successReason.empty()) {
    (void)sink_.execute(EmitEvent{outcome.regarding, "Normal", outcome.successReason,
                                  fmt::format("{}{}", outcome.successMessage, name),
                                  outcome.component});
  } else if (error != nullptr && !outcome.failureReason.empty()) {
    (void)sink_.execute(EmitEvent{outcome.regarding, "Warning", outcome.failureReason,
                                  outcome.failureMessage + error->message, outcome.component});
  }
}

void Manager::recordSlice(const kube::json::object& object, const WorkItem& item) {
  if (options_.endpointLag.conflictWindow.count() > 0) {
    sliceWrites_[item.key] = clock_.mono();
  }
  const kube::EndpointSlice slice = kube::endpointSliceOf(object);
  std::vector<std::string> ready;
  for (const kube::Endpoint& endpoint : slice.endpoints) {
    if (endpoint.ready) {
      ready.insert(ready.end(), endpoint.addresses.begin(), endpoint.addresses.end());
    }
  }
  timeline::Event event;
  event.time = clock_.wall();
  event.what = timeline::What::kEndpointsUpdated;
  event.pod = keyOf(slice.meta.ns, slice.serviceName());
  event.revision = slice.meta.resourceVersion;
  event.detail = join(ready, ",");
  timeline_.record(event);
}

}  // namespace hitless::control
