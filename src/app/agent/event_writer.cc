#include "app/agent/event_writer.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "base/text.h"
#include "core/kube/resource.h"

namespace hitless::app {

void EventWriter::write(const EventSubject& subject, const std::string& type,
                        const std::string& reason, const std::string& message) {
  post(fmt::format("{}.{:016x}", subject.name, rng_.next()), subject, type, reason, message);
}

void EventWriter::writeOnce(const kube::Pod& pod, const std::string& type,
                            const std::string& reason, const std::string& message) {
  post(fmt::format("{}.{}.{}", pod.meta.name, pod.meta.uid, toLower(reason)),
       {"Pod", pod.meta.ns, pod.meta.name, pod.meta.uid}, type, reason, message);
}

void EventWriter::post(const std::string& name, const EventSubject& subject,
                       const std::string& type, const std::string& reason,
                       const std::string& message) {
  const std::string now = formatTime(clock_.wall());
  const kube::json::object event{{"apiVersion", "v1"},
                                 {"kind", "Event"},
                                 {"metadata", {{"name", name}, {"namespace", subject.ns}}},
                                 {"involvedObject",
                                  {{"apiVersion", "v1"},
                                   {"kind", subject.kind},
                                   {"namespace", subject.ns},
                                   {"name", subject.name},
                                   {"uid", subject.uid}}},
                                 {"type", type},
                                 {"reason", reason},
                                 {"message", message},
                                 {"source", {{"component", "hitless-agent"}, {"host", node_}}},
                                 {"reportingComponent", "hitless-agent"},
                                 {"reportingInstance", node_},
                                 {"firstTimestamp", now},
                                 {"lastTimestamp", now},
                                 {"count", 1}};
  sys::KubeClient::Request request;
  request.method = "POST";
  request.target = sys::pathOf(kube::res::kEvents, subject.ns);
  request.body = kube::json::serialize(event);
  const std::string about = fmt::format("{} {}/{}", subject.kind, subject.ns, subject.name);
  client_.send(std::move(request), [about](Result<sys::HttpResponse> response) {
    // 409: it is there already.
    if (!response || (response->status / 100 != 2 && response->status != 409)) {
      spdlog::warn("cannot write an event about {}: {}", about,
                   response ? sys::objectOf(*response).error().text() : response.error().text());
    }
  });
}

}  // namespace hitless::app
