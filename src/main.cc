#include "app/cli.h"

int main(int argc, char** argv) {
  return hitless::app::run(argc, argv);
}
