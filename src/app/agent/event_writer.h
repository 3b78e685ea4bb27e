#pragma once

#include <string>

#include "base/clock.h"
#include "base/rng.h"
#include "core/kube/objects.h"
#include "sys/kube/client.h"

namespace hitless::app {

/// The object that an Event is about.
struct EventSubject {
  std::string kind;
  std::string ns;
  std::string name;
  std::string uid;
};

/// Writes core/v1 Events, at best effort: a lost one is logged and that is all.
class EventWriter {
 public:
  EventWriter(sys::KubeClient& client, const Clock& clock, Rng& rng, std::string node)
      : client_(client), clock_(clock), rng_(rng), node_(std::move(node)) {}

  /// `type` is Normal or Warning.
  void write(const kube::Pod& pod, const std::string& type, const std::string& reason,
             const std::string& message) {
    write({"Pod", pod.meta.ns, pod.meta.name, pod.meta.uid}, type, reason, message);
  }
  void write(const EventSubject& subject, const std::string& type, const std::string& reason,
             const std::string& message);
  /// Does nothing if the pod has an Event of this reason from here already: for what stays true.
  void writeOnce(const kube::Pod& pod, const std::string& type, const std::string& reason,
                 const std::string& message);

 private:
  void post(const std::string& name, const EventSubject& subject, const std::string& type,
            const std::string& reason, const std::string& message);

  sys::KubeClient& client_;
  const Clock& clock_;
  Rng& rng_;
  std::string node_;
};

}  // namespace hitless::app
