#include "core/report/evidence.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/load/render.h"

namespace hitless::report {
namespace {

using load::durationText;
using load::Failure;
using enum FailureClass;

/// "0.98 s after X" or "12 ms before X".
std::string apart(WallTime time, WallTime anchor, std::string_view what) {
  return time >= anchor ? fmt::format("{} after {}", durationText(time - anchor), what)
                        : fmt::format("{} before {}", durationText(anchor - time), what);
}

WallTime dialled(const Failure& failure) {
  return failure.connect.value_or(failure.scheduled);
}

std::string address(const Failure& failure, const PodHistory& pod) {
  const auto& endpoint = failure.backend ? failure.backend : failure.destination;
  return endpoint ? fmt::format("{} ({})", endpoint->ip.text(), pod.name) : pod.name;
}

/// How the client came to use the pod's address.
std::string howChosen(const Failure& failure, const PodHistory& pod, const Facts& facts) {
  const WallTime connect = dialled(failure);
  if (failure.resolved && failure.destination && failure.destination->ip.text() == pod.ip) {
    std::string text = fmt::format("the answer with its address was {} old",
                                   durationText(connect - *failure.resolved));
    return pod.endpointUpdate
               ? text + ", told " +
                     apart(*failure.resolved, *pod.endpointUpdate, "the endpoint left")
               : text;
  }
  if (!pod.endpointUpdate) {
    return "its endpoint was never seen to leave";
  }
  if (connect < *pod.endpointUpdate) {
    return fmt::format("its endpoint left only {} later",
                       durationText(*pod.endpointUpdate - connect));
  }
  const std::string age = durationText(connect - *pod.endpointUpdate);
  if (pod.rulesCommit && connect > *pod.rulesCommit) {
    return fmt::format("{}'s rules had let go of it {} before", facts.clientNode,
                       durationText(connect - *pod.rulesCommit));
  }
  return fmt::format("{}'s rules still held it {} after its endpoint had left", facts.clientNode,
                     age);
}

std::string newConnection(const Failure& failure, const PodHistory& pod, const Facts& facts) {
  const auto stopping = pod.stopping();
  return fmt::format("{} was dialled {}; {}", address(failure, pod),
                     stopping ? apart(dialled(failure), *stopping, "it began to stop") : "",
                     howChosen(failure, pod, facts));
}

std::string deadAddress(const Failure& failure, const PodHistory& pod, const Facts& facts) {
  const auto dead = pod.exited ? pod.exited : pod.gone;
  return fmt::format("{} was dialled {}; {}; given up after {}", address(failure, pod),
                     dead ? apart(dialled(failure), *dead, "it was dead") : "as it went",
                     howChosen(failure, pod, facts),
                     durationText(failure.failed - dialled(failure)));
}

std::string inFlight(const Failure& failure, const PodHistory& pod) {
  const WallTime sent = failure.written.value_or(failure.scheduled);
  const auto end = pod.sigkill && failure.failed >= *pod.sigkill ? pod.sigkill : pod.stopping();
  const std::string_view what = end == pod.sigkill && pod.sigkill ? "SIGKILL" : "it began to stop";
  std::string text = fmt::format("{}: sent {}", pod.name, end ? apart(sent, *end, what) : "");
  if (pod.sigterm && pod.exited) {
    text += fmt::format("; the process ended {} ({})", apart(*pod.exited, *pod.sigterm, "SIGTERM"),
                        pod.exitDetail);
  }
  return text;
}

std::string crash(const Failure& failure, const PodHistory& pod, const Facts& facts) {
  const Crash* crash = crashBehind(failure, pod);
  if (crash == nullptr) {
    return {};
  }
  std::string text = fmt::format("{} ended ({}); the failure came {}", address(failure, pod),
                                 crash->detail, apart(failure.failed, crash->time, "that"));
  if (crash->endpointUpdate) {
    text += fmt::format("; its endpoint left after {}",
                        durationText(*crash->endpointUpdate - crash->time));
  }
  if (crash->rulesCommit) {
    text += fmt::format(", {}'s rules let go of it after {}", facts.clientNode,
                        durationText(*crash->rulesCommit - crash->time));
  }
  if (crash->ready) {
    text += fmt::format("; the pod was ready again after {}",
                        durationText(*crash->ready - crash->time));
  }
  return text;
}

std::string nodeCut(const Failure& failure, const PodHistory* pod, const Facts& facts) {
  for (const NodeCut& cut : facts.cuts) {
    if (!cut.overlaps(dialled(failure), failure.failed)) {
      continue;
    }
    const bool ofPod = pod != nullptr && pod->node == cut.node;
    return fmt::format(
        "{}{} was cut off; the failure came {}{}", cut.node,
        ofPod ? fmt::format(", {}'s node,", pod->name) : "",
        apart(failure.failed, cut.from, "that"),
        cut.to ? fmt::format(", it lasted {}", durationText(*cut.to - cut.from)) : "");
  }
  return {};
}

std::string wait(const Failure& failure, const Attribution& why) {
  const auto until = failure.backoffUntil
                         ? fmt::format(", the next attempt was due {} later",
                                       durationText(*failure.backoffUntil - failure.failed))
                         : std::string();
  if (why.began == nullptr) {
    return fmt::format("no request saw the attempt that failed ({}){}", info(why.root).id, until);
  }
  return fmt::format("waiting for {} since: {} ({}){}{}",
                     durationText(failure.failed - why.began->failed),
                     load::info(why.began->cause).title, info(why.root).id,
                     why.pod != nullptr ? ", " + why.pod->name : "", until);
}

std::string noEndpoint(const Failure& failure, const Facts& facts) {
  const auto ready =
      std::count_if(facts.pods.begin(), facts.pods.end(), [&](const PodHistory& pod) {
        return pod.ready && *pod.ready <= failure.failed &&
               (!pod.deleted || failure.failed < *pod.deleted) &&
               pod.crashAt(failure.failed) == nullptr;
      });
  return fmt::format("{} pods of the cluster were ready then", ready);
}

std::string asReported(const Failure& failure) {
  if (failure.grpc) {
    return fmt::format("gRPC status {}: {}", failure.grpc->code, failure.grpc->message);
  }
  if (failure.status != 0) {
    return fmt::format("HTTP status {}", failure.status);
  }
  return failure.detail.empty() ? failure.errorName : failure.detail;
}

std::string withPod(const Failure& failure, const Attribution& why, const Facts& facts) {
  const PodHistory& pod = *why.pod;
  switch (why.failureClass) {
    case kEndpointLag:
    case kDnsLag:
    case kDnsKept:
    case kPastCommit:
      return newConnection(failure, pod, facts);
    case kDeadAddress:
      return deadAddress(failure, pod, facts);
    case kConnReuse:
    case kDrainCut:
    case kSigkillCut:
    case kDrainRefused:
      return inFlight(failure, pod);
    case kPodCrash:
      return crash(failure, pod, facts);
    case kNotReady:
      return fmt::format("{} became ready {} later", address(failure, pod),
                         durationText(*pod.ready - momentOf(failure)));
    case kApplication:
    case kPeerClosed:
      return fmt::format("{}: {}", address(failure, pod), asReported(failure));
    default:
      return {};
  }
}

std::string plainly(const Failure& failure, const Attribution& why, const Facts& facts) {
  switch (why.failureClass) {
    case kNodeCut:
      return nodeCut(failure, why.pod, facts);
    case kBackoff:
      return wait(failure, why);
    case kNoEndpoint:
    case kNoName:
      return noEndpoint(failure, facts);
    case kCapacity:
      return fmt::format("it took {}", durationText(failure.failed - failure.scheduled));
    default:
      return why.pod != nullptr ? withPod(failure, why, facts) : asReported(failure);
  }
}

}  // namespace

std::string evidenceOf(const Failure& failure, const Attribution& why, const Facts& facts) {
  std::string text = plainly(failure, why, facts);
  if (why.byTime && !text.empty()) {
    text += "; the client did not say which pod it was, this one was stopping then";
  }
  return text;
}

}  // namespace hitless::report
