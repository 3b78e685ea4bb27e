#include <grpcpp/alarm.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "testapp/options.h"

/// The test application for gRPC: what a server does that leaves everything to grpc's defaults. Its
/// messages are plain text, so that no schema is needed on either side.
namespace hitless::testapp {
namespace {

using std::chrono::system_clock;

constexpr std::string_view kIntroduction =
    "hitless-testapp-grpc: a small gRPC server for rehearsals; messages are plain text\n\n"
    "  /hitless.Test/WhoAmI  answers with the pod's name\n"
    "  /hitless.Test/Delay   takes seconds (decimals allowed), answers after them\n"
    "  /hitless.Test/Count   takes a number N, answers with the messages 1 to N\n"
    "  /grpc.health.v1.Health/Check and /Watch\n\n";

struct Counts {
  std::atomic<std::uint64_t> received{0};
  std::atomic<std::uint64_t> answered{0};
};

grpc::ByteBuffer bytesOf(const std::string& text) {
  const grpc::Slice slice(text);
  return grpc::ByteBuffer(&slice, 1);
}

std::string textOf(const grpc::ByteBuffer& bytes) {
  grpc::Slice slice;
  if (!bytes.Valid() || !bytes.TrySingleSlice(&slice).ok()) {
    return {};
  }
  return {reinterpret_cast<const char*>(slice.begin()), slice.size()};
}

/// One RPC. grpc calls it back on its own threads and at the end, once, OnDone().
class Call : public grpc::ServerGenericBidiReactor {
 public:
  Call(std::string method, const std::string& podName, Counts& counts)
      : method_(std::move(method)), podName_(podName), counts_(counts) {
    ++counts_.received;
    StartRead(&request_);
  }

  void OnReadDone(bool ok) override {
    if (!ok) {
      return end({grpc::StatusCode::INVALID_ARGUMENT, "the request has no message"});
    }
    if (method_ == "/hitless.Test/WhoAmI") {
      return answer();
    }
    const std::string text = textOf(request_);
    char* rest = nullptr;
    number_ = std::strtod(text.c_str(), &rest);
    const bool good = rest != text.c_str() && *rest == '\0' && number_ >= 0 && number_ <= 86400;
    if (method_ == "/hitless.Test/Delay" && good) {
      return delay();
    }
    if (method_ == "/hitless.Test/Count" && good) {
      return OnWriteDone(true);
    }
    const bool known = method_ == "/hitless.Test/Delay" || method_ == "/hitless.Test/Count";
    end(known ? grpc::Status{grpc::StatusCode::INVALID_ARGUMENT, "not a number: " + text}
              : grpc::Status{grpc::StatusCode::UNIMPLEMENTED, "no method " + method_});
  }

  /// Only Count's messages are written without the end.
  void OnWriteDone(bool ok) override {
    if (!ok || written_ >= static_cast<std::uint64_t>(number_)) {
      return ok ? end(grpc::Status::OK) : Finish(grpc::Status::CANCELLED);
    }
    reply_ = bytesOf(std::to_string(++written_));
    StartWrite(&reply_);
  }

  void OnCancel() override {
    cancelled_ = true;
    alarm_.Cancel();
  }

  void OnDone() override { delete this; }

 private:
  void end(const grpc::Status& status) {
    ++counts_.answered;
    Finish(status);
  }

  void answer() {
    ++counts_.answered;
    reply_ = bytesOf(podName_);
    StartWriteAndFinish(&reply_, grpc::WriteOptions(), grpc::Status::OK);
  }

  void delay() {
    const auto wait = std::chrono::duration<double>(number_);
    alarm_.Set(system_clock::now() + std::chrono::duration_cast<system_clock::duration>(wait),
               [this](bool due) { due ? answer() : Finish(grpc::Status::CANCELLED); });
    if (cancelled_) {
      alarm_.Cancel();  // OnCancel() came before there was something to cancel
    }
  }

  std::string method_;
  const std::string& podName_;
  Counts& counts_;
  grpc::ByteBuffer request_;
  grpc::ByteBuffer reply_;
  grpc::Alarm alarm_;
  std::atomic<bool> cancelled_{false};
  double number_ = 0;
  std::uint64_t written_ = 0;
};

class Service : public grpc::CallbackGenericService {
 public:
  Service(const std::string& podName, Counts& counts) : podName_(podName), counts_(counts) {}
  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override {
    return new Call(context->method(), podName_, counts_);
  }

 private:
  const std::string& podName_;
  Counts& counts_;
};

/// Of all threads, which are made later.
sigset_t blockSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  return set;
}

/// The signal that came within `time`, or 0.
int waitForSignal(const sigset_t& set, std::chrono::nanoseconds time) {
  const timespec limit{time.count() / 1'000'000'000, time.count() % 1'000'000'000};
  const int number = sigtimedwait(&set, nullptr, &limit);
  return number < 0 ? 0 : number;
}

std::unique_ptr<grpc::Server> listen(const Options& options, Service& service) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  if (options.maxConnectionAge.count() > 0) {
    const auto age = std::chrono::ceil<std::chrono::milliseconds>(options.maxConnectionAge);
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS, static_cast<int>(age.count()));
  }
  builder.AddListeningPort("[::]:" + std::to_string(options.port),
                           grpc::InsecureServerCredentials(), &port);
  builder.RegisterCallbackGenericService(&service);
  auto server = builder.BuildAndStart();
  if (server != nullptr) {
    std::printf("hitless-testapp-grpc: listening on port %d as %s, on SIGTERM %s\n", port,
                options.podName.c_str(), name(options.onSigterm));
  }
  return server;
}

/// grpc's Shutdown() closes the listening socket, sends GOAWAY to all and waits for what is in
/// flight. To drain is to keep serving for the drain time first, with a health that says no.
void leave(const Options& options, grpc::Server& server, const sigset_t& signals) {
  if (options.onSigterm == OnSigterm::kDrain) {
    server.GetHealthCheckService()->SetServingStatus(false);
    waitForSignal(signals, options.drainTime);
    return server.Shutdown(system_clock::now());
  }
  server.Shutdown(system_clock::now() +
                  std::chrono::duration_cast<system_clock::duration>(options.drainTime));
}

int serveGrpc(const Options& options) {
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const sigset_t signals = blockSignals();
  if (options.startupDelay.count() > 0 && waitForSignal(signals, options.startupDelay) != 0) {
    return 0;
  }
  Counts counts;
  Service service(options.podName, counts);
  const auto server = listen(options, service);
  if (server == nullptr) {
    std::fprintf(stderr, "hitless-testapp-grpc: cannot listen on port %d\n", options.port);
    return 1;
  }
  int number = 0;
  sigwait(&signals, &number);
  const auto unanswered = [&counts] {
    return static_cast<unsigned long long>(counts.received - counts.answered);
  };
  std::printf("hitless-testapp-grpc: %s: %llu RPCs in flight, %s\n",
              number == SIGTERM ? "SIGTERM" : "SIGINT", unanswered(), name(options.onSigterm));
  if (options.onSigterm != OnSigterm::kExit) {
    leave(options, *server, signals);
  }
  std::printf("hitless-testapp-grpc: exit after %llu RPCs: %llu answered, %llu not\n",
              static_cast<unsigned long long>(counts.received),
              static_cast<unsigned long long>(counts.answered), unanswered());
  _exit(0);  // as a process that is told to go: nothing is closed in an orderly way any more
}

}  // namespace
}  // namespace hitless::testapp

int main(int argc, char** argv) {
  using namespace hitless::testapp;
  return runProgram(argc, argv, "hitless-testapp-grpc", kIntroduction, serveGrpc);
}
