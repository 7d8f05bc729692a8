# SPDX-License-Identifier: Apache-2.0
# Included by the folders of Python tests.

# A test class that nobody runs is a mistake.
function(sluice_require_all_classes file)
  file(STRINGS ${file} definitions REGEX "^class [A-Za-z0-9]+Test\\(")
  foreach(definition ${definitions})
    string(REGEX REPLACE "^class ([A-Za-z0-9]+).*" "\\1" class ${definition})
    if(NOT class IN_LIST ARGN)
      message(FATAL_ERROR "${file}: ${class} is in no list of tests; add it to ${CMAKE_CURRENT_SOURCE_DIR}/CMakeLists.txt")
    endif()
  endforeach()
endfunction()

# sluice_python_cases(integration.mqtt tests/integration mqtt.will_test WillTest …): one ctest case for each test class,
# integration.mqtt.WillTest, run in that folder.
function(sluice_python_cases prefix folder module)
  if(NOT TARGET sluice)
    return()
  endif()
  string(REGEX REPLACE "\\..*" "" label ${prefix})
  string(REPLACE . / file ${module})
  sluice_require_all_classes(${PROJECT_SOURCE_DIR}/${folder}/${file}.py ${ARGN})
  foreach(class ${ARGN})
    add_test(NAME ${prefix}.${class} COMMAND /usr/bin/python3 -B -m unittest ${module}.${class}
             WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}/${folder})
    set_tests_properties(${prefix}.${class} PROPERTIES LABELS ${label} TIMEOUT 120 ENVIRONMENT
      "SLUICE_BIN=$<TARGET_FILE:sluice>;SLUICECTL_BIN=$<TARGET_FILE:sluicectl>;SLUICE_SANITIZED=${SLUICE_SANITIZE};SLUICE_TEST_CERTS=${CMAKE_BINARY_DIR}/test-certs;PYTHONPATH=${PROJECT_SOURCE_DIR}/tests/integration")
  endforeach()
endfunction()

# sluice_python_test(mqtt will_test WillTest …): the classes of a module below tests/integration.
function(sluice_python_test folder module)
  sluice_python_cases(integration.${folder} tests/integration ${folder}.${module} ${ARGN})
endfunction()
